package importer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

	"github.com/rustassistant/rustassistant/internal/apiclient"
)

// Read gives the documents of an NDJSON file, plain or compressed with gzip or
// zstd, as an import would send them. It stops at the first line that is none.
func Read(path string) iter.Seq2[apiclient.Document, error] {
	return func(yield func(apiclient.Document, error) bool) {
		file, err := os.Open(path)
		if err != nil {
			yield(apiclient.Document{}, err)
			return
		}
		defer file.Close()
		for doc, err := range readDocuments(path, file) {
			if !yield(doc, err) || err != nil {
				return
			}
		}
	}
}

func readDocuments(path string, file *os.File) iter.Seq2[apiclient.Document, error] {
	return func(yield func(apiclient.Document, error) bool) {
		plain, err := decompress(path, file)
		if err != nil {
			yield(apiclient.Document{}, err)
			return
		}
		defer plain.Close()
		lines := newLineReader(plain, maxLineBytes)
		for {
			line, err := lines.next()
			if err != nil {
				if !errors.Is(err, io.EOF) {
					yield(apiclient.Document{}, fmt.Errorf("read %s after line %d: %w", path, lines.number, err))
				}
				return
			}
			var doc apiclient.Document
			converted, _, err := convert(line, "")
			if err == nil {
				err = json.Unmarshal(converted, &doc)
			}
			if err != nil {
				err = fmt.Errorf("line %d of %s is no document: %w", lines.number, path, err)
			}
			if !yield(doc, err) || err != nil {
				return
			}
		}
	}
}
