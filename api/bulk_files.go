package api

import (
	"errors"
	"fmt"
	"html"
	"io"
	"mime"
	"mime/multipart"
	"path"
	"regexp"
	"strings"

	"github.com/rustassistant/rustassistant/internal/chunk"
	"github.com/rustassistant/rustassistant/internal/domain"
)

// fileSource reads the files of a form.
type fileSource struct {
	server *Server
	stream *bulkStream
	form   *multipart.Reader
	number int
	name   string // of the last file
}

func newFileSource(s *Server, stream *bulkStream, boundary string) (*fileSource, error) {
	if boundary == "" {
		return nil, domain.Errorf(domain.CodeMalformed, "the Content-Type names no boundary")
	}
	return &fileSource{server: s, stream: stream, form: multipart.NewReader(stream, boundary)}, nil
}

func (f *fileSource) place() RejectedLine {
	return RejectedLine{Line: f.number, File: shorten(f.name)}
}

func (f *fileSource) sum() ([32]byte, error) { return f.stream.sum() }

// next skips fields of the form that are no files.
func (f *fileSource) next() (*domain.DocumentInput, *RejectedLine, error) {
	for {
		part, err := f.form.NextPart()
		if err != nil {
			return nil, nil, formError(err)
		}
		name := fileName(part)
		if name == "" {
			continue
		}
		f.number++
		f.name = name
		doc, err := f.read(part, name)
		if err == nil {
			return doc, nil, nil
		}
		if known := visible(err); known.Code == domain.CodeInvalid || known.Code == domain.CodeUnsupportedMedia {
			r := rejection(err)
			r.Line, r.File = f.number, shorten(name)
			return nil, r, nil
		}
		return nil, nil, formError(err)
	}
}

func (f *fileSource) read(part io.Reader, name string) (*domain.DocumentInput, error) {
	kind, err := fileKind(name)
	if err != nil {
		return nil, err
	}
	limit := f.server.deps.MaxDocumentBytes
	content, err := io.ReadAll(io.LimitReader(part, int64(limit)+1))
	if err != nil {
		return nil, err
	}
	if len(content) > limit {
		return nil, &domain.Error{Code: domain.CodeInvalid, Message: "the file is too large", Fields: []domain.FieldError{{
			Field: "content", Message: fmt.Sprintf("is longer than %d bytes", limit),
		}}}
	}
	text := strings.TrimPrefix(string(content), "\uFEFF")
	doc := &domain.DocumentInput{
		ExternalID: name, Title: fileTitle(kind, name, text), Content: text, DocType: kind, SourceType: "file",
	}
	return doc, doc.Normalize()
}

// formError keeps what the stream says and calls everything else a broken form.
func formError(err error) error {
	var known *domain.Error
	if errors.Is(err, io.EOF) || errors.As(err, &known) || visible(err).Code != domain.CodeInternal {
		return err
	}
	return fmt.Errorf("%w: %w", domain.Errorf(domain.CodeMalformed, "the form cannot be read"), err)
}

// fileName is the name that the client gave with its folders, so that files of the
// same name in two folders are two documents. Go's own reading drops the folders.
func fileName(part *multipart.Part) string {
	_, params, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	if err != nil || params["filename"] == "" {
		return ""
	}
	name := strings.ReplaceAll(params["filename"], `\`, "/")
	return strings.TrimPrefix(path.Clean("/"+name), "/")
}

// fileKind is the doc_type of a file, by its name.
func fileKind(name string) (string, error) {
	switch strings.ToLower(path.Ext(name)) {
	case ".md", ".markdown", ".mdx":
		return "markdown", nil
	case ".txt", ".text":
		return "text", nil
	case ".html", ".htm", ".xhtml":
		return "html", nil
	case ".rst":
		return "rst", nil
	}
	if chunk.IsSourceFile(name) {
		return "code", nil
	}
	return "", domain.Errorf(domain.CodeUnsupportedMedia, "files of this kind are not read; send Markdown, text, HTML or source code")
}

var (
	markdownHeading = regexp.MustCompile(`(?m)^#\s+(.+?)\s*#*\s*$`)
	htmlHeading     = regexp.MustCompile(`(?is)<(title|h1)[^>]*>(.*?)</(?:title|h1)>`)
	anyTag          = regexp.MustCompile(`<[^>]*>`)
)

// titleLookahead is where a title is looked for, in bytes.
const titleLookahead = 64 << 10

// fileTitle is the first heading of a text, or the file's name.
func fileTitle(kind, name, text string) string {
	text = text[:min(len(text), titleLookahead)]
	title := ""
	switch kind {
	case "markdown":
		if m := markdownHeading.FindStringSubmatch(text); m != nil {
			title = m[1]
		}
	case "html":
		if m := htmlHeading.FindStringSubmatch(text); m != nil {
			title = html.UnescapeString(anyTag.ReplaceAllString(m[2], " "))
		}
	}
	title = strings.Join(strings.Fields(strings.ToValidUTF8(title, "")), " ")
	if title == "" || len(title) > domain.MaxTitleBytes {
		return path.Base(name)
	}
	return title
}
