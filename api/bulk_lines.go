package api

import (
	"bytes"
	"errors"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// lineSource reads NDJSON.
type lineSource struct {
	server *Server
	stream *bulkStream
	lines  *lineReader
}

func (l *lineSource) sum() ([32]byte, error) { return l.stream.sum() }

func (l *lineSource) place() RejectedLine { return RejectedLine{Line: l.lines.number} }

// next skips blank lines.
func (l *lineSource) next() (*domain.DocumentInput, *RejectedLine, error) {
	for {
		line, err := l.lines.next()
		switch {
		case errors.Is(err, errLineTooLong):
			return nil, l.reject(domain.Errorf(domain.CodeTooLarge, "the line is longer than %d bytes", l.lines.limit)), nil
		case err != nil:
			return nil, nil, err
		case len(bytes.TrimSpace(line)) == 0:
			continue
		}
		if l.lines.number == 1 {
			line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf")) // what some editors write first
		}
		var fields documentBodyFields
		if err := decodeObject(line, &fields); err != nil {
			return nil, l.reject(err), nil
		}
		doc, err := l.server.normalize(&fields)
		if err != nil {
			return nil, l.reject(err), nil
		}
		return &doc, nil, nil
	}
}

func (l *lineSource) reject(err error) *RejectedLine {
	r := rejection(err)
	r.Line = l.lines.number
	return r
}

// rejection turns the error of one document into its line of the answer.
func rejection(err error) *RejectedLine {
	e := visible(err)
	r := &RejectedLine{Code: e.Code, Error: e.Message}
	if len(e.Fields) > 0 {
		r.Field = e.Fields[0].Field
		r.Error = r.Field + " " + e.Fields[0].Message
	}
	return r
}
