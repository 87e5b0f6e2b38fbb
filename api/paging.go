package api

import (
	"encoding/base64"
	"encoding/binary"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// PageInput is how every list is paged.
type PageInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"How many to list."`
	Cursor string `query:"cursor" maxLength:"256" doc:"next_cursor of the page before."`
}

// beforeID returns where a descending list goes on; uuid.Nil is its beginning.
func (p PageInput) beforeID() (uuid.UUID, error) {
	data, err := p.decode()
	if err != nil || len(data) == 0 {
		return uuid.Nil, err
	}
	id, err := uuid.FromBytes(data)
	if err != nil {
		return uuid.Nil, errCursor()
	}
	return id, nil
}

// afterNumber returns where a list by number goes on; 0 is its beginning.
func (p PageInput) afterNumber() (int, error) {
	data, err := p.decode()
	if err != nil || len(data) == 0 {
		return 0, err
	}
	if len(data) != 4 {
		return 0, errCursor()
	}
	n := binary.BigEndian.Uint32(data)
	if n > 1<<31-1 {
		return 0, errCursor()
	}
	return int(n), nil
}

// afterName returns where a list by name goes on; "" is its beginning.
func (p PageInput) afterName() (string, error) {
	data, err := p.decode()
	if err != nil || len(data) == 0 {
		return "", err
	}
	if domain.ValidateSlug(string(data)) != nil {
		return "", errCursor()
	}
	return string(data), nil
}

func (p PageInput) decode() ([]byte, error) {
	data, err := base64.RawURLEncoding.DecodeString(p.Cursor)
	if err != nil {
		return nil, errCursor()
	}
	return data, nil
}

func errCursor() error {
	return &domain.Error{Code: domain.CodeInvalid, Message: "the request is not valid", Fields: []domain.FieldError{{
		Field: "cursor", Message: "must be the next_cursor of an earlier answer to the same list",
	}}}
}

func cursorOfID(id uuid.UUID) string { return base64.RawURLEncoding.EncodeToString(id[:]) }

func cursorOfNumber(n int) string {
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, uint32(n)))
}

func cursorOfName(name string) string { return base64.RawURLEncoding.EncodeToString([]byte(name)) }

// page cuts a list that was read with one more than its limit, and names the
// cursor of the next page, "" when there is none.
func page[T any](list []T, limit int, cursor func(T) string) (items []T, next string) {
	if len(list) <= limit {
		if list == nil {
			list = []T{}
		}
		return list, ""
	}
	list = list[:limit]
	return list, cursor(list[limit-1])
}

// parseID reads an id of a path. One that cannot be an id is as good as one that
// does not exist.
func parseID(text, noun string) (uuid.UUID, error) {
	if len(text) == 36 {
		if id, err := uuid.Parse(text); err == nil {
			return id, nil
		}
	}
	return uuid.Nil, domain.NotFound(noun)
}
