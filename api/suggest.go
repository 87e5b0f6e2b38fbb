package api

import (
	"context"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/search"
)

func (s *Server) suggestRoute() route {
	return route{
		method: http.MethodGet, path: "/api/suggest", id: "suggest", scope: auth.ScopeSearch,
		tag: tagSearch, errors: []int{http.StatusUnprocessableEntity}, summary: "Suggest how to go on",
		description: "For search as you type: queries that others of the tenant have often searched for, the text with its last word " +
			"completed by words of the documents, and titles that have all words; of each kind in turn.",
		endpoint: typed[suggestInput, suggestOutput](s.suggest),
	}
}

type suggestInput struct {
	Query string `query:"q" required:"true" minLength:"1" maxLength:"256" doc:"What was typed so far."`
	Limit int    `query:"limit" minimum:"1" maximum:"20" default:"8" doc:"How many to suggest."`
}

// Suggestion is a way to go on from what was typed.
type Suggestion struct {
	Kind       search.SuggestionKind `json:"kind" enum:"query,word,title" doc:"query: others searched for it. word: the last word is completed. title: of a document."`
	Text       string                `json:"text" example:"kubernetes"`
	DocumentID *uuid.UUID            `json:"document_id,omitempty" doc:"The document of a title."`
	Matches    [][2]int              `json:"matches" nullable:"false" doc:"Ranges [from, to) of text that were typed, in bytes of UTF-8."`
}

type suggestOutput struct {
	Body struct {
		Query       string       `json:"query"`
		Suggestions []Suggestion `json:"suggestions" nullable:"false"`
	}
}

func (s *Server) suggest(ctx context.Context, in *suggestInput) (*suggestOutput, error) {
	if err := checkSuggest(in.Query); err != nil {
		return nil, err
	}
	found, err := s.deps.Search.Suggest(ctx, caller(ctx).TenantID, in.Query, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &suggestOutput{}
	out.Body.Query, out.Body.Suggestions = in.Query, make([]Suggestion, len(found))
	for i, f := range found {
		view := Suggestion{Kind: f.Kind, Text: f.Text, Matches: f.Matches}
		if view.Matches == nil {
			view.Matches = [][2]int{}
		}
		if f.Kind == search.SuggestedTitle {
			view.DocumentID = &f.DocumentID
		}
		out.Body.Suggestions[i] = view
	}
	return out, nil
}

func checkSuggest(text string) error {
	var message string
	switch {
	case strings.TrimSpace(text) == "":
		message = "must not be empty"
	case len(text) > search.MaxSuggestBytes:
		message = "is longer than 256 bytes"
	case !utf8.ValidString(text) || strings.IndexByte(text, 0) >= 0:
		message = "must be UTF-8 without NUL"
	default:
		return nil
	}
	return &domain.Error{
		Code: domain.CodeInvalid, Message: "the request is not valid", Fields: []domain.FieldError{{Field: "q", Message: message}},
	}
}
