package importer

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxLineBytes bounds one line: the largest content with every character escaped.
const maxLineBytes = 64 << 20

// ndjsonSuffixes are the names of files with one JSON object a line, also compressed.
var ndjsonSuffixes = []string{".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz", ".jsonl.zst", ".ndjson.zst"}

func isNDJSON(name string) bool {
	name = strings.ToLower(name)
	for _, suffix := range ndjsonSuffixes {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
}

// ndjsonSource reads documents from lines.
type ndjsonSource struct {
	name    string
	open    func() (io.ReadCloser, error)
	length  int64
	docType string
	report  *report
}

func (s *ndjsonSource) size() int64 { return s.length }

// ndjsonFile reads a file; its name says how it is compressed.
func ndjsonFile(path string, docType string, r *report) (*ndjsonSource, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	return &ndjsonSource{
		name: path, length: info.Size(), docType: docType, report: r,
		open: func() (io.ReadCloser, error) { return os.Open(path) },
	}, nil
}

// ndjsonStream reads what somebody pipes in.
func ndjsonStream(in io.Reader, docType string, r *report) *ndjsonSource {
	return &ndjsonSource{name: "stdin", docType: docType, report: r, open: func() (io.ReadCloser, error) { return io.NopCloser(in), nil }}
}

// records implements source.
func (s *ndjsonSource) records() iter.Seq2[record, error] {
	return func(yield func(record, error) bool) {
		file, err := s.open()
		if err != nil {
			yield(record{}, err)
			return
		}
		defer file.Close()
		count := &countingReader{r: file}
		plain, err := decompress(s.name, count)
		if err != nil {
			yield(record{}, err)
			return
		}
		defer plain.Close()
		lines := newLineReader(plain, maxLineBytes)
		for {
			line, err := lines.next()
			if errors.Is(err, io.EOF) {
				return
			}
			at := origin{s.name, lines.number}
			switch {
			case errors.Is(err, errLongLine):
				s.report.fail(at, "", "too_large", fmt.Sprintf("the line has more than %d bytes", maxLineBytes))
				continue
			case err != nil:
				yield(record{}, fmt.Errorf("read %s after line %d: %w", s.name, lines.number, err))
				return
			}
			converted, id, _ := convert(line, s.docType) // a line that cannot be read is the server's to reject
			if !yield(record{line: converted, externalID: id, origin: at, input: count.n}, nil) {
				return
			}
		}
	}
}

// decompress undoes what the name says, and for a stream without a name what its first bytes say.
func decompress(name string, r io.Reader) (io.ReadCloser, error) {
	buffered := bufio.NewReaderSize(r, 256<<10)
	magic, _ := buffered.Peek(4)
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(buffered)
		if err != nil {
			return nil, fmt.Errorf("%s is not readable as gzip: %w", name, err)
		}
		return z, nil
	case bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(buffered, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(1<<30), zstd.WithDecoderMaxWindow(256<<20))
		if err != nil {
			return nil, fmt.Errorf("%s is not readable as zstd: %w", name, err)
		}
		return z.IOReadCloser(), nil
	default:
		return io.NopCloser(buffered), nil
	}
}

// countingReader counts what is read through it.
type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

var errLongLine = errors.New("line too long")

// lineReader gives lines without their breaks, skips blank ones and bounds their length.
type lineReader struct {
	r      *bufio.Reader
	max    int
	number int // of the line that next returned last, from 1
	long   []byte
}

func newLineReader(r io.Reader, limit int) *lineReader {
	return &lineReader{r: bufio.NewReaderSize(r, 256<<10), max: limit}
}

// next returns the next line, which is valid until the next call, io.EOF, errLongLine for a line that was skipped, or
// what reading failed with.
func (l *lineReader) next() ([]byte, error) {
	for {
		line, err := l.line()
		if err != nil {
			return nil, err
		}
		if line = bytes.TrimSpace(line); len(line) > 0 {
			return line, nil
		}
	}
}

func (l *lineReader) line() ([]byte, error) {
	l.long = l.long[:0]
	tooLong := false
	for {
		part, err := l.r.ReadSlice('\n')
		switch {
		case err == nil || errors.Is(err, io.EOF) && len(l.long)+len(part) > 0:
			l.number++
			if tooLong || len(l.long)+len(part) > l.max {
				return nil, errLongLine
			}
			if len(l.long) == 0 {
				return part, nil
			}
			l.long = append(l.long, part...)
			return l.long, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		case tooLong || len(l.long)+len(part) > l.max:
			tooLong = true
		default:
			l.long = append(l.long, part...)
		}
	}
}
