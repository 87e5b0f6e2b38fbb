package api

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/rustassistant/rustassistant/internal/domain"
)

const (
	// stallTimeout ends a stream from which nothing arrives; paceWindow and
	// paceBytes one that only drips. A stream holds a database connection.
	stallTimeout = 30 * time.Second
	paceWindow   = time.Minute
	paceBytes    = 64 << 10
	// A gzip stream that grows more than ratioLimit-fold beyond ratioGrace bytes is
	// a bomb. Text that repeats itself a lot stays below 100.
	ratioLimit = 200
	ratioGrace = 32 << 20
)

// bulkStream is the body of a bulk request: it bounds time and size, undoes the
// compression and hashes what it reads.
type bulkStream struct {
	in      io.Reader // decompressed
	wire    *pacedReader
	zipped  bool
	limit   int64 // after decompression
	read    int64
	hash    hash.Hash
	control *http.ResponseController
}

func newBulkStream(w http.ResponseWriter, r *http.Request, limit int64) (*bulkStream, error) {
	control := http.NewResponseController(w)
	// The answer comes after minutes, maybe; each read has its own deadline.
	_ = control.SetWriteDeadline(time.Time{})
	s := &bulkStream{wire: newPacedReader(r.Body, control), limit: limit, hash: sha256.New(), control: control}
	s.in = s.wire
	switch encoding := strings.ToLower(r.Header.Get("Content-Encoding")); encoding {
	case "", "identity":
	case "gzip", "x-gzip":
		zipped, err := gzip.NewReader(bufio.NewReaderSize(s.wire, lineBuffer))
		if err != nil {
			return nil, s.explain(err)
		}
		s.in, s.zipped = zipped, true
	default:
		return nil, domain.Errorf(domain.CodeUnsupportedMedia, "the Content-Encoding must be gzip or identity, not %q", shorten(encoding))
	}
	return s, nil
}

// Read implements io.Reader. Its errors are for the caller to see.
func (s *bulkStream) Read(p []byte) (int, error) {
	n, err := s.in.Read(p)
	s.read += int64(n)
	s.hash.Write(p[:n])
	if s.read > s.limit {
		return 0, domain.Errorf(domain.CodeTooLarge, "the body is larger than %d bytes after decompression; send it in parts", s.limit)
	}
	if s.zipped && s.read > ratioGrace && s.read/ratioLimit > s.wire.total {
		return 0, domain.Errorf(domain.CodeTooLarge, "the body is compressed more than %d-fold; send it in parts", ratioLimit)
	}
	if err != nil && err != io.EOF { //nolint:errorlint // io.Reader returns it unwrapped
		err = s.explain(err)
	}
	return n, err
}

// explain tells what broke: the connection, or the client's compression.
func (s *bulkStream) explain(err error) error {
	if broken := s.wire.err; broken != nil && broken != io.EOF { //nolint:errorlint // as above
		if visible(broken).Code != domain.CodeInternal {
			return fmt.Errorf("read the body: %w", broken)
		}
		return fmt.Errorf("%w: %w", domain.Errorf(domain.CodeMalformed, "the body ended before it was complete"), broken)
	}
	return fmt.Errorf("%w: %w", domain.Errorf(domain.CodeMalformed, "the gzip stream is damaged or ends too early"), err)
}

// sum reads what is left and returns the hash of the whole body.
func (s *bulkStream) sum() (out [32]byte, err error) {
	if _, err := io.Copy(io.Discard, s); err != nil {
		return out, err
	}
	return [32]byte(s.hash.Sum(nil)), nil
}

// pacedReader reads a request's body and ends it when it comes too slowly.
type pacedReader struct {
	in      io.Reader
	control *http.ResponseController
	total   int64
	err     error // the first error, also io.EOF

	windowEnd   time.Time
	windowBytes int64
}

func newPacedReader(in io.Reader, control *http.ResponseController) *pacedReader {
	return &pacedReader{in: in, control: control, windowEnd: time.Now().Add(paceWindow)}
}

// Read implements io.Reader.
func (p *pacedReader) Read(buf []byte) (int, error) {
	if p.err != nil {
		return 0, p.err
	}
	now := time.Now()
	_ = p.control.SetReadDeadline(now.Add(stallTimeout)) // writers of tests have none
	n, err := p.in.Read(buf)
	p.total += int64(n)
	p.windowBytes += int64(n)
	if err == nil {
		err = p.pace(now, time.Now())
	}
	if err != nil {
		p.err = err
		// A deadline that passes later would cancel the request while it is answered.
		_ = p.control.SetReadDeadline(time.Time{})
	}
	return n, err
}

// pace judges by the time that reads took, not by that of our own work between them.
func (p *pacedReader) pace(before, after time.Time) error {
	if before.After(p.windowEnd) {
		p.windowEnd, p.windowBytes = before.Add(paceWindow), 0
		return nil
	}
	if after.Before(p.windowEnd) {
		return nil
	}
	if p.windowBytes < paceBytes {
		return domain.Errorf(codeRequestTimeout, "the body arrives too slowly")
	}
	p.windowEnd, p.windowBytes = after.Add(paceWindow), 0
	return nil
}
