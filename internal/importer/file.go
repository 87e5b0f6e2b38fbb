package importer

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/rustassistant/rustassistant/internal/apiclient"
	"github.com/rustassistant/rustassistant/internal/chunk"
	"github.com/rustassistant/rustassistant/internal/domain"
)

// maxFileBytes is the largest file that is sent: the largest content of a document.
const maxFileBytes = domain.MaxContentBytes

// sniffBytes is how much of a file decides whether it is text, as much as Git looks at.
const sniffBytes = 8000

var formatsByExtension = map[string]string{
	".md": "markdown", ".markdown": "markdown", ".mdx": "markdown", ".mdown": "markdown", ".mkd": "markdown",
	".html": "html", ".htm": "html", ".xhtml": "html", ".rst": "rst", ".txt": "text", ".text": "text", ".adoc": "text", ".org": "text",
}

// codeNames are source files without an extension.
var codeNames = map[string]bool{"makefile": true, "dockerfile": true, "jenkinsfile": true, "rakefile": true, "gemfile": true, "justfile": true}

// formatOf says what a file is by its name: markdown, html, rst, text, code, or "" for anything else.
func formatOf(name string) string {
	base := strings.ToLower(path.Base(name))
	if format, ok := formatsByExtension[path.Ext(base)]; ok {
		return format
	}
	if chunk.IsSourceFile(base) || codeNames[base] {
		return "code"
	}
	return ""
}

// skipError is why a file is not a document; that is no failure.
type skipError string

func (e skipError) Error() string { return string(e) }

const (
	skipBinary   = skipError("binary")
	skipEncoding = skipError("neither UTF-8 nor UTF-16")
	skipEmpty    = skipError("empty")
	skipLarge    = skipError("larger than 10 MB")
	skipType     = skipError("of another type")
	skipIgnored  = skipError("ignored by .gitignore or --exclude")
)

// readText reads a file as UTF-8. The error may be a skipError.
func readText(name string) (string, error) {
	file, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	raw, err := io.ReadAll(io.LimitReader(file, maxFileBytes+1))
	if err != nil {
		return "", err
	}
	if len(raw) > maxFileBytes {
		return "", skipLarge
	}
	if len(bytes.TrimSpace(raw)) == 0 {
		return "", skipEmpty
	}
	return decodeText(raw)
}

// decodeText takes a byte order mark away, reads UTF-16 where the mark says so, and refuses what is not text.
func decodeText(raw []byte) (string, error) {
	if bytes.HasPrefix(raw, []byte{0xFF, 0xFE}) || bytes.HasPrefix(raw, []byte{0xFE, 0xFF}) {
		utf16 := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM)
		decoded, _, err := transform.Bytes(utf16.NewDecoder(), raw)
		if err != nil {
			return "", skipEncoding
		}
		raw = decoded
	}
	raw = bytes.TrimPrefix(raw, []byte("\uFEFF"))
	if bytes.IndexByte(raw[:min(len(raw), sniffBytes)], 0) >= 0 || bytes.IndexByte(raw, 0) >= 0 {
		return "", skipBinary
	}
	if !utf8.Valid(raw) {
		return "", skipEncoding
	}
	return string(raw), nil
}

// documentOf reads a file as a document. name is its path below the folder, with slashes.
func documentOf(file, name, docType string) (*apiclient.Document, error) {
	content, err := readText(file)
	if err != nil {
		var skip skipError
		if errors.As(err, &skip) {
			return nil, skip
		}
		return nil, fmt.Errorf("read: %w", err)
	}
	format := formatOf(name)
	if docType == "" {
		docType = format
	}
	return &apiclient.Document{
		ExternalID: name,
		Title:      titleOf(format, name, content),
		Content:    content,
		DocType:    docType,
		SourceType: "file",
		SourceURL:  name, // its extension says how to read the content, whatever doc_type is
	}, nil
}
