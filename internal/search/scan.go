package search

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// The functions of this file walk over JSON that json.Valid has accepted. They
// exist because encoding/json can either be strict about names or keep their
// order and repetitions, and because a search with a kept answer would spend a
// good part of its time in a token reader.

// checkObject returns a domain.CodeMalformed error unless body is a JSON object.
func checkObject(body []byte) error {
	trimmed := bytes.TrimLeft(body, " \t\r\n")
	switch {
	case len(trimmed) == 0:
		return domain.Errorf(domain.CodeMalformed, "the body must be a JSON object, and it is empty")
	case !json.Valid(body):
		return malformed(body)
	case trimmed[0] != '{':
		return domain.Errorf(domain.CodeMalformed, "the body must be a JSON object")
	}
	return nil
}

func malformed(body []byte) error {
	var into json.RawMessage
	var syntax *json.SyntaxError
	if err := json.Unmarshal(body, &into); errors.As(err, &syntax) {
		return domain.Errorf(domain.CodeMalformed, "the body is not JSON: %s, at byte %d", syntax.Error(), syntax.Offset)
	}
	return domain.Errorf(domain.CodeMalformed, "the body is not JSON")
}

// eachMember calls yield with the quoted name and the value of each member of a
// valid object, in their order, until it returns false.
func eachMember(object []byte, yield func(name, value []byte) bool) {
	i := skipSpace(object, 0) + 1
	for {
		i = skipSpace(object, i)
		if object[i] == '}' {
			return
		}
		if object[i] == ',' {
			i = skipSpace(object, i+1)
		}
		nameEnd := skipString(object, i)
		name := object[i:nameEnd]
		i = skipSpace(object, skipSpace(object, nameEnd)+1) // the colon
		end := skipValue(object, i)
		if !yield(name, object[i:end]) {
			return
		}
		i = end
	}
}

// elements returns the values of a valid array, or false when there are more
// than limit.
func elements(array []byte, limit int) (all []json.RawMessage, ok bool) {
	i := 1
	for {
		i = skipSpace(array, i)
		if array[i] == ']' {
			return all, true
		}
		if array[i] == ',' {
			i = skipSpace(array, i+1)
		}
		end := skipValue(array, i)
		if len(all) == limit {
			return nil, false
		}
		all = append(all, array[i:end])
		i = end
	}
}

// unquote returns the text of a valid JSON string.
func unquote(quoted []byte) string {
	inner := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return string(inner)
	}
	var s string
	// It is a valid string, so there is no error. Halves of surrogate pairs
	// become U+FFFD.
	_ = json.Unmarshal(quoted, &s)
	return s
}

func skipSpace(b []byte, i int) int {
	for b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r' {
		i++
	}
	return i
}

func skipString(b []byte, i int) int {
	for i++; b[i] != '"'; i++ {
		if b[i] == '\\' {
			i++
		}
	}
	return i + 1
}

func skipValue(b []byte, i int) int {
	switch b[i] {
	case '"':
		return skipString(b, i)
	case '{', '[':
		return skipNested(b, i)
	}
	for i < len(b) && b[i] > ' ' && b[i] != ',' && b[i] != '}' && b[i] != ']' {
		i++
	}
	return i
}

func skipNested(b []byte, i int) int {
	for depth := 0; ; i++ {
		switch b[i] {
		case '"':
			i = skipString(b, i) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
}
