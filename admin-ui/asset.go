package adminui

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

// encodings lists the precompressed variants that the build writes next to a
// file, smallest first. Browsers offer br only over HTTPS, hence both.
var encodings = []struct{ name, suffix string }{
	{"br", ".br"},
	{"gzip", ".gz"},
}

// asset is one file of the dashboard in every encoding it was built in.
type asset struct {
	name        string
	contentType string
	identity    variant
	encoded     map[string]variant // by Content-Encoding
}

// variant is one encoding of an asset; each has its own strong ETag.
type variant struct {
	body []byte
	etag string
}

func newVariant(body []byte) variant {
	sum := sha256.Sum256(body)
	return variant{body: body, etag: `"` + hex.EncodeToString(sum[:12]) + `"`}
}

// loadAssets reads everything but the page itself, hidden files and the
// compressed variants, which belong to the file that they compress.
func loadAssets(built fs.FS) (map[string]*asset, error) {
	assets := make(map[string]*asset)
	err := fs.WalkDir(built, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !isPublic(name) {
			return err
		}
		assets[name], err = loadAsset(built, name)
		return err
	})
	return assets, err
}

func isPublic(name string) bool {
	if name == indexFile || strings.HasPrefix(path.Base(name), ".") {
		return false
	}
	for _, encoding := range encodings {
		if strings.HasSuffix(name, encoding.suffix) {
			return false
		}
	}
	return true
}

func loadAsset(built fs.FS, name string) (*asset, error) {
	body, err := fs.ReadFile(built, name)
	if err != nil {
		return nil, err
	}
	file := &asset{
		name:        name,
		contentType: contentType(name),
		identity:    newVariant(body),
		encoded:     make(map[string]variant),
	}
	for _, encoding := range encodings {
		if body, err := fs.ReadFile(built, name+encoding.suffix); err == nil {
			file.encoded[encoding.name] = newVariant(body)
		}
	}
	return file, nil
}

// contentType names the few types of the dashboard itself: the table of the
// operating system, which the mime package reads, differs from host to host.
func contentType(name string) string {
	switch ext := path.Ext(name); ext {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	case ".txt", ".md":
		return "text/plain; charset=utf-8"
	default:
		if known := mime.TypeByExtension(ext); known != "" {
			return known
		}
		return "application/octet-stream"
	}
}

func (a *asset) serve(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", a.contentType)
	header.Set("Cache-Control", a.cacheControl())
	// An SVG opened on its own is a document: give it no rights at all.
	header.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	chosen := a.identity
	if len(a.encoded) > 0 {
		header.Set("Vary", "Accept-Encoding")
	}
	for _, encoding := range encodings {
		candidate, built := a.encoded[encoding.name]
		if built && acceptsEncoding(r.Header.Get("Accept-Encoding"), encoding.name) {
			header.Set("Content-Encoding", encoding.name)
			chosen = candidate
			break
		}
	}
	header.Set("ETag", chosen.etag)
	http.ServeContent(w, r, a.name, time.Time{}, bytes.NewReader(chosen.body))
}

func (a *asset) cacheControl() string {
	if strings.HasPrefix(a.name, assetsDir) {
		return "public, max-age=31536000, immutable"
	}
	return "no-cache"
}

// acceptsEncoding reads an Accept-Encoding header (RFC 9110, 12.5.3). Weights
// other than zero are ignored: the server's own order decides.
func acceptsEncoding(accept, encoding string) bool {
	for item := range strings.SplitSeq(accept, ",") {
		name, params, _ := strings.Cut(item, ";")
		if !strings.EqualFold(strings.TrimSpace(name), encoding) {
			continue
		}
		weight, hasWeight := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q=")
		if !hasWeight {
			return true
		}
		q, err := strconv.ParseFloat(weight, 64)
		return err == nil && q > 0
	}
	return false
}
