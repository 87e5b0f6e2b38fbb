package api

import (
	"bufio"
	"errors"
	"io"
)

// errLineTooLong is returned for a line over the limit. The line is skipped, and
// the reader stands at the next one.
var errLineTooLong = errors.New("the line is too long")

// lineReader reads lines of at most a given length in memory of that size. Lines
// end with \n or \r\n; the last one needs no end.
type lineReader struct {
	in    *bufio.Reader
	limit int
	line  []byte
	// number of the line that was read last, from 1.
	number int
}

const lineBuffer = 64 << 10

func newLineReader(r io.Reader, limit int) *lineReader {
	return &lineReader{in: bufio.NewReaderSize(r, lineBuffer), limit: limit}
}

// next returns the next line without its end, valid until the following call. It
// returns io.EOF after the last line, and errLineTooLong for one that was skipped.
func (l *lineReader) next() ([]byte, error) {
	l.number++
	part, err := l.in.ReadSlice('\n')
	if err == nil {
		return l.check(trimEnd(part))
	}
	// Beyond the buffer, or the last line, or broken.
	l.line = append(l.line[:0], part...)
	for errors.Is(err, bufio.ErrBufferFull) {
		part, err = l.in.ReadSlice('\n')
		if len(l.line)+len(part) > l.limit+2 {
			return nil, l.skip(err)
		}
		l.line = append(l.line, part...)
	}
	switch {
	case errors.Is(err, io.EOF) && len(l.line) == 0:
		return nil, io.EOF
	case err != nil && !errors.Is(err, io.EOF):
		return nil, err
	}
	return l.check(trimEnd(l.line))
}

// check applies the limit to lines that did fit into a buffer.
func (l *lineReader) check(line []byte) ([]byte, error) {
	if len(line) > l.limit {
		return nil, errLineTooLong
	}
	return line, nil
}

// skip reads to the end of a line that is too long. err is that of the last read.
func (l *lineReader) skip(err error) error {
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = l.in.ReadSlice('\n')
	}
	if err == nil || errors.Is(err, io.EOF) {
		return errLineTooLong
	}
	return err
}

func trimEnd(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\n' {
		line = line[:n-1]
	}
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line
}
