package evaluation

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/rustassistant/rustassistant/internal/apiclient"
	"github.com/rustassistant/rustassistant/internal/importer"
)

const (
	resultLimit = 100 // results asked for each query
	ndcgCut     = 10
)

// Options says how a collection is evaluated.
type Options struct {
	// Client names the tenant that holds the collection and nothing else.
	Client *apiclient.Client
	// Types are the search types to ask: keyword, hybrid, semantic.
	Types []string
	// Keep allows a tenant that is not empty, such as that of an earlier evaluation.
	Keep bool
	// Plain takes the query language's signs out of queries (see plainQuery). Without it queries are asked as they are,
	// which is what a user gets who pastes one.
	Plain bool
	// Display shows the import; nil for none.
	Display importer.Display
	// Wait bounds how long a model is waited for that has seen every passage, if Types need one; 0 does not wait. It is
	// asked for every Poll, each second when that is zero.
	Wait, Poll time.Duration
	// Waits, if set, hears at each look what is waited for, and why the wait was in vain.
	Waits func(doing string)
}

// Result is one row: how one search type did on one collection.
type Result struct {
	Collection string `json:"collection"`
	Tenant     string `json:"tenant"`
	Type       string `json:"type"`
	// AnsweredBy is what answered instead of Type, for so many of the queries, and Notice why, or what else is missing.
	AnsweredBy      string `json:"answered_by,omitempty"`
	AnsweredQueries int    `json:"answered_by_queries,omitempty"`
	Notice          string `json:"notice,omitempty"`
	Plain           bool   `json:"plain_queries"`
	Documents       int    `json:"documents"`
	// Rejected documents of the corpus could not be accepted, such as those without any text; none can be found.
	Rejected  int     `json:"rejected"`
	Queries   int     `json:"queries"`
	NDCG10    float64 `json:"ndcg_at_10"`
	Recall100 float64 `json:"recall_at_100"`
	// Latencies are of whole requests with 100 results, uncached, in milliseconds.
	P50  float64 `json:"p50_ms"`
	P95  float64 `json:"p95_ms"`
	Mean float64 `json:"mean_ms"`
}

// Run imports a collection, waits until it is searchable, also by vectors where types need them, and asks all its queries.
func Run(ctx context.Context, c *Collection, o Options) ([]Result, error) {
	imported, err := prepare(ctx, c, o)
	if err != nil {
		return nil, err
	}
	missing := ""
	if needVectors(o.Types) && o.Wait > 0 {
		if missing, err = awaitVectors(ctx, o); err != nil {
			return nil, err
		}
		if missing != "" && o.Waits != nil {
			o.Waits(missing + "; asking all the same")
		}
	}
	var results []Result
	for _, kind := range o.Types {
		r, err := ask(ctx, c, o, kind)
		if err != nil {
			return results, fmt.Errorf("%s, %s: %w", c.Name, kind, err)
		}
		r.Tenant, r.Documents, r.Rejected = o.Client.Tenant(), imported.Searchable, imported.Rejected
		if missing != "" && kind != "keyword" {
			r.Notice = strings.TrimPrefix(r.Notice+"; "+missing, "; ")
		}
		results = append(results, *r)
	}
	return results, nil
}

// maxRejectedShare is how much of a corpus may be rejected: old collections hold a few empty documents, but more than
// that is a mistake that would be measured as bad search.
const maxRejectedShare = 0.01

// prepare fills the tenant.
func prepare(ctx context.Context, c *Collection, o Options) (*importer.Summary, error) {
	stats, err := o.Client.Stats(ctx)
	if err != nil {
		return nil, err
	}
	if stats.Documents.Total > 0 && !o.Keep {
		return nil, fmt.Errorf("the tenant %q holds %d documents already, which would change the statistics: name an empty one, "+
			"or --keep if they are this collection's", o.Client.Tenant(), stats.Documents.Total)
	}
	summary, err := importer.Run(ctx, importer.Options{Client: o.Client, Path: c.Corpus, Display: o.Display})
	switch {
	case err != nil:
		return nil, fmt.Errorf("import %s: %w", c.Corpus, err)
	case summary.Interrupted:
		return nil, context.Cause(ctx)
	case summary.Failed > 0, float64(summary.Rejected) > maxRejectedShare*float64(summary.Searchable):
		f := summary.Failures[0]
		return nil, fmt.Errorf("import %s: %d documents failed, the first at line %d: %s", c.Corpus, summary.Rejected+summary.Failed, f.Line, f.Reason)
	}
	return summary, nil
}

// ask measures one search type.
func ask(ctx context.Context, c *Collection, o Options, kind string) (*Result, error) {
	r := &Result{Collection: c.Name, Type: kind, Plain: o.Plain, Queries: len(c.Queries)}
	off := false
	var latencies []time.Duration
	for _, q := range c.Queries {
		text := q.Text
		if o.Plain {
			text = plainQuery(text)
		}
		begin := time.Now()
		res, err := o.Client.Search(ctx, &apiclient.SearchRequest{Query: text, Type: kind, Limit: resultLimit, Highlight: &off, NoCache: true})
		latencies = append(latencies, time.Since(begin))
		if err != nil {
			return nil, fmt.Errorf("query %s: %w", q.ID, err)
		}
		ranking := make([]string, len(res.Results))
		for i := range res.Results {
			ranking[i] = res.Results[i].ExternalID
		}
		r.answered(res)
		r.NDCG10 += NDCG(ranking, q.Judged, ndcgCut)
		r.Recall100 += Recall(ranking, q.Judged, resultLimit)
	}
	r.NDCG10 /= float64(r.Queries)
	r.Recall100 /= float64(r.Queries)
	r.setLatencies(latencies)
	return r, nil
}

// answered notes where an answer is not what was asked for.
func (r *Result) answered(res *apiclient.SearchResponse) {
	if by := res.AnsweredBy; by != "" && by != r.Type {
		r.AnsweredBy = by
		r.AnsweredQueries++
		r.Notice = res.Notice
	} else if v := res.Vectors; v != nil && r.Notice == "" {
		r.Notice = fmt.Sprintf("%d of %d passages had vectors", v.Covered, v.Chunks)
	}
}

func (r *Result) setLatencies(all []time.Duration) {
	slices.Sort(all)
	sum := time.Duration(0)
	for _, d := range all {
		sum += d
	}
	r.P50, r.P95 = percentile(all, 50), percentile(all, 95)
	r.Mean = milliseconds(sum) / float64(len(all))
}

// percentile gives the smallest value that at least p per cent of the sorted values do not exceed, in milliseconds.
func percentile(sorted []time.Duration, p int) float64 {
	return milliseconds(sorted[max((len(sorted)*p+99)/100-1, 0)])
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// Means averages the rows of each type over the collections, in the order of the types' first rows.
func Means(results []Result) []Result {
	var means []Result
	counts := map[string]float64{}
	for _, r := range results {
		i := slices.IndexFunc(means, func(m Result) bool { return m.Type == r.Type })
		if i < 0 {
			i = len(means)
			means = append(means, Result{Collection: "mean", Type: r.Type, Plain: r.Plain})
		}
		m := &means[i]
		counts[r.Type]++
		m.Documents += r.Documents
		m.Rejected += r.Rejected
		m.Queries += r.Queries
		m.AnsweredQueries += r.AnsweredQueries
		if r.AnsweredBy != "" {
			m.AnsweredBy = r.AnsweredBy
		}
		m.NDCG10 += r.NDCG10
		m.Recall100 += r.Recall100
		m.P50 += r.P50
		m.P95 += r.P95
		m.Mean += r.Mean
	}
	for i := range means {
		n := counts[means[i].Type]
		for _, v := range []*float64{&means[i].NDCG10, &means[i].Recall100, &means[i].P50, &means[i].P95, &means[i].Mean} {
			*v /= n
		}
	}
	return means
}

var queryMinus = regexp.MustCompile(`(^|\s)-+`)

// plainQuery makes a bag of words of a query: quotes would ask for a phrase that must occur, and a minus before a word
// would exclude it. Queries of collections are prose that was written for no query language, and published figures are
// those of bags of words.
func plainQuery(text string) string {
	return queryMinus.ReplaceAllString(strings.ReplaceAll(text, `"`, " "), "$1")
}

var notInSlug = regexp.MustCompile(`[^a-z0-9]+`)

// TenantSlug names the tenant of a collection.
func TenantSlug(prefix, collection string) string {
	slug := notInSlug.ReplaceAllString(strings.ToLower(prefix+collection), "-")
	return strings.Trim(slug[:min(len(slug), 63)], "-")
}

// EnsureTenant creates a tenant that does not exist yet, which needs a key of platform scope.
func EnsureTenant(ctx context.Context, client *apiclient.Client, slug, name string) error {
	err := client.CreateTenant(ctx, slug, name)
	if err == nil || apiclient.IsConflict(err) {
		return nil
	}
	var answer *apiclient.Error
	if errors.As(err, &answer) && answer.Status == 403 {
		return fmt.Errorf("create the tenant %q: the key has no platform scope; name an existing empty tenant with --tenant, one collection at a time: %w", slug, err)
	}
	return fmt.Errorf("create the tenant %q: %w", slug, err)
}
