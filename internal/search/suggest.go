package search

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/index"
)

// Limits of a request for suggestions.
const (
	MaxSuggestBytes     = 256
	MaxSuggestions      = 20
	DefaultSuggestions  = 8
	minPopularSearches  = 3 // what fewer have asked is nobody else's business
	popularFor          = time.Minute
	popularTimeout      = 200 * time.Millisecond
	popularTenants      = 4096
	popularLoadDeadline = 5 * time.Second
)

// SuggestionKind says where a suggestion is from.
type SuggestionKind string

// The kinds of suggestions: what the tenant's users search for, the text with its
// last word completed, and titles of documents.
const (
	SuggestedQuery SuggestionKind = "query"
	SuggestedWord  SuggestionKind = "word"
	SuggestedTitle SuggestionKind = "title"
)

// Suggestion is a way to go on from what was typed.
type Suggestion struct {
	Kind SuggestionKind
	Text string
	// DocumentID is that of a title.
	DocumentID uuid.UUID
	// Matches are the byte ranges [from, to) of Text that were typed.
	Matches [][2]int
}

// PopularQuery is a query in the form that it is counted under: see
// analytics.Normalize.
type PopularQuery struct {
	Query    string
	Searches int64
}

// Suggest returns ways to go on from a text, of each kind in turn. Its errors are
// domain errors, or those of ctx.
func (s *Service) Suggest(ctx context.Context, tenant uuid.UUID, text string, limit int) ([]Suggestion, error) {
	var words []string
	var start int
	var titles []index.TitleSuggestion
	err := s.deps.Index.Use(ctx, tenant, func(snapshot *index.Snapshot) (err error) {
		if words, start, err = snapshot.SuggestWords(text, limit); err != nil {
			return err
		}
		titles, err = snapshot.SuggestTitles(ctx, text, limit)
		return err
	})
	if err != nil {
		return nil, outward(err)
	}
	kinds := [3][]Suggestion{popularWith(s.popular.of(ctx, s.deps.Popular, tenant), text, limit)}
	for _, w := range words {
		kinds[1] = append(kinds[1], Suggestion{Kind: SuggestedWord, Text: text[:start] + w, Matches: typed(text[:start]+w, text)})
	}
	for _, t := range titles {
		kinds[2] = append(kinds[2], Suggestion{Kind: SuggestedTitle, Text: t.Title, DocumentID: t.DocumentID, Matches: t.Matches})
	}
	return inTurn(kinds[:], limit), nil
}

// inTurn takes one of each kind after the other, every text once.
func inTurn(kinds [][]Suggestion, limit int) []Suggestion {
	out := []Suggestion{}
	seen := map[string]bool{}
	for i := range limit {
		for _, kind := range kinds {
			if i >= len(kind) || len(out) == limit {
				continue
			}
			if key := strings.ToLower(kind[i].Text); !seen[key] {
				seen[key] = true
				out = append(out, kind[i])
			}
		}
	}
	return out
}

// typed returns where in a suggestion its beginning was typed.
func typed(suggestion, text string) [][2]int {
	if len(suggestion) >= len(text) && strings.EqualFold(suggestion[:len(text)], text) {
		return [][2]int{{0, len(text)}}
	}
	return nil
}

// popularWith returns the popular queries that begin with a text.
func popularWith(popular []PopularQuery, text string, limit int) (out []Suggestion) {
	text = strings.ToLower(strings.Join(strings.Fields(text), " "))
	for _, p := range popular {
		if len(out) < limit && strings.HasPrefix(p.Query, text) && p.Query != text {
			out = append(out, Suggestion{Kind: SuggestedQuery, Text: p.Query, Matches: typed(p.Query, text)})
		}
	}
	return out
}

// popularQueries keeps what each tenant's users search for, for a minute. Older ones
// go on being suggested while newer ones are read. The zero value is ready.
type popularQueries struct {
	mu      sync.Mutex
	tenants map[uuid.UUID]*popularTenant
}

type popularTenant struct {
	queries []PopularQuery
	until   time.Time
	loaded  chan struct{} // closed after the first attempt to read them
}

// of returns a tenant's queries, the most popular first; none while they cannot be
// read.
func (p *popularQueries) of(ctx context.Context, load func(context.Context, uuid.UUID) ([]PopularQuery, error), tenant uuid.UUID) []PopularQuery {
	if load == nil {
		return nil
	}
	now := time.Now()
	p.mu.Lock()
	known := p.tenants[tenant]
	if known == nil {
		if p.tenants == nil || len(p.tenants) >= popularTenants {
			p.tenants = make(map[uuid.UUID]*popularTenant)
		}
		known = &popularTenant{loaded: make(chan struct{})}
		p.tenants[tenant] = known
	}
	if now.After(known.until) {
		known.until = now.Add(popularFor)
		go p.load(context.WithoutCancel(ctx), load, tenant, known)
	}
	p.mu.Unlock()
	wait := time.NewTimer(popularTimeout)
	defer wait.Stop()
	select {
	case <-known.loaded:
	case <-wait.C:
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return known.queries
}

func (p *popularQueries) load(ctx context.Context, load func(context.Context, uuid.UUID) ([]PopularQuery, error), tenant uuid.UUID, known *popularTenant) {
	ctx, cancel := context.WithTimeout(ctx, popularLoadDeadline)
	defer cancel()
	found, err := load(ctx, tenant)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil {
		known.queries = known.queries[:0:0]
		for _, q := range found {
			if q.Searches >= minPopularSearches {
				known.queries = append(known.queries, q)
			}
		}
	}
	select {
	case <-known.loaded:
	default:
		close(known.loaded)
	}
}
