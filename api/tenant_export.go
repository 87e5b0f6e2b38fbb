package api

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// TenantExportInput names an export.
type TenantExportInput struct {
	TenantSlugInput
	ID string `path:"id" doc:"The export's id." example:"0198c0de-0000-7000-8000-000000000000"`
}

// TenantExport is an export with its files.
type TenantExport struct {
	TenantOperation
	Files []ExportFile `json:"files" doc:"Gzipped NDJSON, in order."`
}

// ExportFile is one file of an export.
type ExportFile struct {
	Name   string `json:"name" example:"documents-00001.ndjson.gz"`
	Rows   int64  `json:"rows"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256" doc:"Of the file as it is, gzipped."`
}

type tenantExportOutput struct{ Body TenantExport }

func (s *Server) getTenantExport(ctx context.Context, in *TenantExportInput) (*tenantExportOutput, error) {
	id, err := parseID(in.ID, "export")
	if err != nil {
		return nil, err
	}
	op, err := s.deps.Store.FindTenantOperation(ctx, in.Slug, domain.TenantExport, id)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return nil, domain.NotFound("export")
	}
	if err != nil {
		return nil, err
	}
	parts, err := s.deps.Store.ExportParts(ctx, op.TenantID, op.ID)
	if err != nil {
		return nil, err
	}
	return &tenantExportOutput{TenantExport{TenantOperation: s.operationView(&op), Files: exportFiles(parts)}}, nil
}

func exportFiles(parts []domain.ExportPart) []ExportFile {
	files := make([]ExportFile, len(parts))
	for i, p := range parts {
		files[i] = ExportFile{Name: p.Name, Rows: p.Rows, Bytes: p.Bytes, SHA256: hex.EncodeToString(p.SHA256[:])}
	}
	return files
}

// manifestVersion is that of the archive's layout.
const manifestVersion = 1

// manifest is manifest.json of an archive.
type manifest struct {
	Version    int              `json:"version"`
	ExportID   uuid.UUID        `json:"export_id"`
	TenantID   uuid.UUID        `json:"tenant_id"`
	Slug       string           `json:"slug"`
	StartedAt  time.Time        `json:"started_at"`
	FinishedAt *time.Time       `json:"finished_at"`
	Rows       map[string]int64 `json:"rows"`
	Files      []ExportFile     `json:"files"`
}

func (s *Server) getTenantExportArchive(c *gin.Context) {
	ctx := c.Request.Context()
	id, err := parseID(c.Param("id"), "export")
	if err != nil {
		fail(c, err)
		return
	}
	op, err := s.deps.Store.ReadyExport(ctx, c.Param("slug"), id)
	if err != nil {
		fail(c, err)
		return
	}
	parts, err := s.deps.Store.ExportParts(ctx, op.TenantID, op.ID)
	if err != nil {
		fail(c, err)
		return
	}
	extend := exportDeadline(c.Writer)
	a, err := newArchive(&op, parts, func(number int) ([]byte, error) {
		extend()
		return s.deps.Store.ExportPart(ctx, op.TenantID, op.ID, number)
	})
	if err != nil {
		fail(c, err)
		return
	}
	extend()
	c.Header("Content-Type", "application/x-tar")
	c.Header("Content-Disposition", `attachment; filename="`+op.Slug+"-"+op.ID.String()+`.tar"`)
	c.Header("ETag", a.etag)
	http.ServeContent(c.Writer, c.Request, "", *op.FinishedAt, a)
	if a.failed != nil {
		panic(http.ErrAbortHandler) // only a cut connection tells that bytes are missing
	}
}

func documentArchive(_ huma.API, op *huma.Operation) {
	content := map[string]*huma.MediaType{"application/x-tar": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}
	op.Parameters = []*huma.Param{
		{Name: "slug", In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}},
		{Name: "id", In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}},
		{Name: "Range", In: "header", Schema: &huma.Schema{Type: huma.TypeString}, Example: "bytes=1048576-"},
	}
	op.Responses["200"] = &huma.Response{Description: "The archive.", Content: content}
	op.Responses["206"] = &huma.Response{Description: "The part of it that Range names.", Content: content}
}

// archive is a tar file that is made while it is read: what lies between the parts is
// in memory, the parts are fetched one at a time. It is the same at every reading, so
// that a download that broke can go on.
type archive struct {
	pieces []piece
	size   int64
	etag   string
	at     int64
	fetch  func(number int) ([]byte, error)
	// current is the part that was fetched last.
	current int
	data    []byte
	failed  error
}

// piece is a run of bytes: fixed ones, or a part.
type piece struct {
	from, size int64
	fixed      []byte
	part       int
}

func newArchive(op *domain.TenantOperation, parts []domain.ExportPart, fetch func(number int) ([]byte, error)) (*archive, error) {
	a := &archive{fetch: fetch}
	files := exportFiles(parts)
	m, err := json.MarshalIndent(manifest{
		Version: manifestVersion, ExportID: op.ID, TenantID: op.TenantID, Slug: op.Slug, StartedAt: op.StartedAt, FinishedAt: op.FinishedAt,
		Rows: op.Counts, Files: files,
	}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the manifest: %w", err)
	}
	var sums strings.Builder
	for _, f := range files {
		fmt.Fprintf(&sums, "%s  %s\n", f.SHA256, f.Name)
	}
	sum := sha256.Sum256(m)
	fmt.Fprintf(&sums, "%s  manifest.json\n", hex.EncodeToString(sum[:]))
	a.etag = `"` + hex.EncodeToString(sum[:16]) + `"`
	at := op.FinishedAt.UTC().Truncate(time.Second)
	if err := errors.Join(a.file("manifest.json", m, at), a.file("SHA256SUMS", []byte(sums.String()), at)); err != nil {
		return nil, err
	}
	for _, p := range parts {
		if err := a.header(p.Name, p.Bytes, at); err != nil {
			return nil, err
		}
		a.add(piece{size: p.Bytes, part: p.Number})
		a.pad(p.Bytes)
	}
	a.fixed(make([]byte, 2*tarBlock)) // the end of a tar file
	return a, nil
}

const tarBlock = 512

func (a *archive) add(p piece) {
	p.from = a.size
	a.pieces = append(a.pieces, p)
	a.size += p.size
}

func (a *archive) fixed(b []byte) { a.add(piece{size: int64(len(b)), fixed: b}) }

func (a *archive) pad(size int64) {
	if rest := size % tarBlock; rest > 0 {
		a.fixed(make([]byte, tarBlock-rest))
	}
}

func (a *archive) file(name string, body []byte, at time.Time) error {
	if err := a.header(name, int64(len(body)), at); err != nil {
		return err
	}
	a.fixed(body)
	a.pad(int64(len(body)))
	return nil
}

func (a *archive) header(name string, size int64, at time.Time) error {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&tar.Header{Name: name, Size: size, Mode: 0o600, ModTime: at, Typeflag: tar.TypeReg, Format: tar.FormatUSTAR}); err != nil {
		return fmt.Errorf("write the header of %s: %w", name, err)
	}
	a.fixed(b.Bytes())
	return nil
}

// Seek implements io.Seeker.
func (a *archive) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += a.at
	case io.SeekEnd:
		offset += a.size
	}
	if offset < 0 {
		return 0, errors.New("a position before the beginning of the archive")
	}
	a.at = offset
	return offset, nil
}

// Read implements io.Reader.
func (a *archive) Read(b []byte) (int, error) {
	for _, p := range a.pieces {
		if a.at >= p.from+p.size || p.size == 0 {
			continue
		}
		data := p.fixed
		if p.part > 0 {
			var err error
			if data, err = a.part(p); err != nil {
				a.failed = err
				return 0, err
			}
		}
		n := copy(b, data[a.at-p.from:])
		a.at += int64(n)
		return n, nil
	}
	return 0, io.EOF
}

func (a *archive) part(p piece) ([]byte, error) {
	if a.current == p.part {
		return a.data, nil
	}
	data, err := a.fetch(p.part)
	if err == nil && int64(len(data)) != p.size {
		err = fmt.Errorf("part %d has %d bytes, not %d", p.part, len(data), p.size)
	}
	if err != nil {
		return nil, err
	}
	a.current, a.data = p.part, data
	return data, nil
}
