package api

import (
	"context"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
)

type clickBody struct {
	QueryID    string `json:"query_id" required:"true" format:"uuid" doc:"The query_id of the search's answer."`
	DocumentID string `json:"document_id" required:"true" format:"uuid" doc:"The document that was chosen."`
	Position   int    `json:"position" required:"true" minimum:"1" maximum:"10000" doc:"Its place among the results, from 1." example:"1"`
}

type clickInput struct{ Body body[clickBody] }

// clickResult records a click. Without analytics it is taken and forgotten, so that
// a client needs no second way.
func (s *Server) clickResult(ctx context.Context, in *clickInput) (*struct{}, error) {
	click, err := in.Body.Value.click()
	if err != nil {
		return nil, err
	}
	if s.deps.Analytics == nil {
		return nil, nil //nolint:nilnil // no content is the answer
	}
	return nil, s.deps.Store.RecordClick(ctx, caller(ctx).TenantID, click)
}

func (b *clickBody) click() (domain.SearchClick, error) {
	invalid := &domain.Error{Code: domain.CodeInvalid, Message: "the click is not valid"}
	add := func(field, message string) {
		invalid.Fields = append(invalid.Fields, domain.FieldError{Field: field, Message: message})
	}
	id := func(field, text string) uuid.UUID {
		id, err := uuid.Parse(text)
		if text == "" {
			add(field, "is required")
		} else if err != nil || len(text) != 36 {
			add(field, "must be an id")
		}
		return id
	}
	click := domain.SearchClick{QueryID: id("query_id", b.QueryID), DocumentID: id("document_id", b.DocumentID), Position: b.Position}
	if b.Position < 1 || b.Position > domain.MaxClickPosition {
		add("position", "must be from 1 to 10000")
	}
	if len(invalid.Fields) > 0 {
		return click, invalid
	}
	return click, nil
}
