package search

import (
	"context"
	"encoding/json"
	"runtime"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// MaxSearches is how many searches one request may hold.
const MaxSearches = 20

// Outcome is a search of several: its answer, or what is wrong with it.
type Outcome struct {
	Request *Request // nil when it could not be read
	Answer  *Answer
	Err     error
}

// DecodeSeveral reads {"searches": [...]}. What is wrong with a single search is in
// its Outcome; the error is about the whole, and a domain.Error.
func DecodeSeveral(body []byte) ([]Outcome, error) {
	if err := checkObject(body); err != nil {
		return nil, err
	}
	d := decoder{request: NewRequest("")}
	var searches []json.RawMessage
	d.object("", body, func(name string, value json.RawMessage) {
		if name != "searches" {
			d.add(shorten(name), "is not a field of this request")
			return
		}
		searches, _ = d.list(name, value, MaxSearches)
	})
	if len(d.fields) == 0 && len(searches) == 0 {
		d.add("searches", "must have from 1 to %d searches", MaxSearches)
	}
	if len(d.fields) > 0 {
		return nil, d.err()
	}
	all := make([]Outcome, len(searches))
	for i, search := range searches {
		if search[0] != '{' {
			all[i].Err = domain.Errorf(domain.CodeMalformed, "a search must be a JSON object")
			continue
		}
		all[i].Request, all[i].Err = Decode(search)
	}
	return all, nil
}

// SearchSeveral answers those that could be read, as many at a time as there are
// processors. The error is that of ctx.
func (s *Service) SearchSeveral(ctx context.Context, tenant uuid.UUID, all []Outcome, opts Options) error {
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range all {
		if o := &all[i]; o.Err == nil {
			group.Go(func() error {
				o.Answer, o.Err = s.Search(ctx, tenant, o.Request, opts)
				return nil
			})
		}
	}
	_ = group.Wait() // each has its own error
	return ctx.Err()
}
