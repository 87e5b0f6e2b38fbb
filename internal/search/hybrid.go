package search

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/index"
)

// The fusions of a hybrid search, as a request and the tenant's settings name them.
const (
	FusionMinMax = "minmax"
	FusionRRF    = "rrf"
)

// builtinProvider is the provider of the models that the index learns itself.
// Theirs is the weaker branch, which reciprocal rank fusion would overrate.
const builtinProvider = "builtin"

// maxWeight bounds the weight of a branch; only the ratio of the two counts.
const maxWeight = 1000

func (r *Request) validateHybrid(v *violations) {
	if w := r.Weights; w != nil {
		for _, x := range [...]float64{w.Keyword, w.Vector} {
			if !(x >= 0 && x <= maxWeight) {
				v.add("weights", "must be numbers from 0 to %d", maxWeight)
				break
			}
		}
		if w.Keyword == 0 && w.Vector == 0 {
			v.add("weights", "must not both be 0")
		}
	}
	if r.Fusion != "" && r.Fusion != FusionMinMax && r.Fusion != FusionRRF {
		v.add("fusion", "must be minmax or rrf")
	}
}

// appendHybrid appends what of the list of results depends on the fusion.
func (r *Request) appendHybrid(b []byte) []byte {
	b = appendText(b, r.Fusion)
	if r.Weights == nil {
		b = append(b, 0)
	} else {
		b = binary.BigEndian.AppendUint64(append(b, 1), math.Float64bits(r.Weights.Keyword))
		b = binary.BigEndian.AppendUint64(b, math.Float64bits(r.Weights.Vector))
	}
	return appendBound(b, r.MinScore)
}

// weights reads {"keyword": 0.8, "vector": 0.2}.
func (d *decoder) weights(name string, value json.RawMessage) {
	if value[0] != '{' {
		d.add(name, "must be an object with keyword and vector")
		return
	}
	w, given := &index.Weights{}, 0
	d.object(name+".", value, func(member string, value json.RawMessage) {
		given++
		switch member {
		case "keyword":
			d.value(name+"."+member, value, &w.Keyword, "must be a number")
		case "vector":
			d.value(name+"."+member, value, &w.Vector, "must be a number")
		default:
			d.add(name+"."+shorten(member), "is not a branch; use keyword and vector")
		}
	})
	if given != 2 {
		d.add(name, "must have both keyword and vector")
		return
	}
	d.request.Weights = w
}

// minScore reads the least score of a result.
func (d *decoder) minScore(name string, value json.RawMessage) {
	score := 0.0
	if err := json.Unmarshal(value, &score); err != nil {
		d.add(name, "must be a number")
		return
	}
	d.request.MinScore = &score
}

// branches says which branches of the index answered, and why not all.
type branches struct {
	model  string  // the embedding model's name
	reason *Reason // nil when the type that was asked for answered
}

// Notices of answers by keyword.
const (
	noticeNotConfigured = "Semantic search is not configured; this search was answered by keyword."
	noticeNoModel       = "The embedding model cannot be opened at the moment; this search was answered by keyword."
	noticeNoVectors     = "No passage has its vector yet; this search was answered by keyword."
	noticeNoWords       = "The embedding model knows none of the words of the query; this search was answered by keyword."
	noticeContinued     = "The pages before were answered by keyword, and so is this one."
	noticeOrdered       = "Sorted and grouped results are those that keywords find."
	noticeFailed        = "The embedding of the query failed; this search was answered by keyword."
)

// embed asks for the vector of the query and puts it into q, or says why there is
// none. The error is that of ctx.
func (s *Service) embed(ctx context.Context, tenant uuid.UUID, snapshot *index.Snapshot, r *Request, q *index.Request) (b branches, took time.Duration, err error) {
	if r.Type == TypeKeyword {
		return b, 0, nil
	}
	if r.after != nil && r.after.Phase != index.PhaseKeyword {
		q.Mode = r.mode() // which the index refuses without a vector
	}
	if b.reason = s.noVectors(tenant, snapshot, r); b.reason != nil {
		return b, 0, nil //nolint:nilerr // it is told to the caller with an answer
	}
	ref, model := snapshot.Model()
	b.model = ref.Name
	start := time.Now()
	vector, err := s.deps.Embedder.EmbedQuery(ctx, tenant, ref, model, index.QueryText(r.Query))
	took = time.Since(start)
	switch {
	case ctx.Err() != nil:
		return b, took, ctx.Err()
	case errors.As(err, &b.reason):
	case err != nil:
		b.reason = &Reason{Notice: noticeFailed, Passing: true, Err: err}
	case vector == nil:
		b.reason = &Reason{Notice: noticeNoWords}
	default:
		q.Vector = vector
		r.fuse(q, snapshot.Settings().Hybrid, ref.Provider)
	}
	if b.reason != nil && b.reason.Err != nil {
		s.warn(ctx, tenant, b.reason.Err)
		if errors.Is(b.reason.Err, index.ErrCorrupt) {
			s.deps.Index.RepairLater(tenant, snapshot)
		}
	}
	return b, took, nil
}

// noVectors returns why a search cannot be by vectors whatever the query is, nil
// when it can.
func (s *Service) noVectors(tenant uuid.UUID, snapshot *index.Snapshot, r *Request) *Reason {
	_, model := snapshot.Model()
	stats := snapshot.Stats()
	switch {
	case len(r.Sort) > 0 || r.GroupBy.ByField():
		return &Reason{Notice: noticeOrdered}
	case r.after != nil && r.after.Phase == index.PhaseKeyword:
		return &Reason{Notice: noticeContinued}
	case s.deps.Embedder == nil:
		return &Reason{Notice: noticeNotConfigured}
	case model == nil:
		if reason := s.deps.Embedder.NoModel(tenant, stats.Chunks); reason != nil {
			return reason
		}
		return &Reason{Notice: noticeNoModel, Passing: true}
	case stats.Vectors == 0:
		return &Reason{Notice: noticeNoVectors}
	}
	return nil
}

// fuse says how the branches are joined: as the request wants it, else as the
// tenant does, else as it suits the model.
func (r *Request) fuse(q *index.Request, settings index.Hybrid, provider string) {
	q.Mode = r.mode()
	fusion := r.Fusion
	if fusion == "" {
		fusion = settings.Fusion
	}
	if fusion == FusionRRF || fusion == "" && provider != builtinProvider {
		q.Fusion = index.FusionRRF
	}
	w := index.DefaultWeights(q.Fusion)
	if settings.KeywordWeight != nil {
		w.Keyword = *settings.KeywordWeight
	}
	if settings.VectorWeight != nil {
		w.Vector = *settings.VectorWeight
	}
	if r.Weights != nil {
		w = *r.Weights
	}
	q.Weights = &w
}

// mode returns the index's name of the type.
func (r *Request) mode() index.Mode {
	switch r.Type {
	case TypeHybrid:
		return index.ModeHybrid
	case TypeSemantic:
		return index.ModeSemantic
	case TypeKeyword:
	}
	return index.ModeKeyword
}

// warnEvery is how often failing embeddings are logged.
const warnEvery = 10 * time.Second

func (s *Service) warn(ctx context.Context, tenant uuid.UUID, err error) {
	now, last := time.Now().UnixNano(), s.warned.Load()
	if now-last > int64(warnEvery) && s.warned.CompareAndSwap(last, now) {
		s.deps.Logger.WarnContext(ctx, "queries are answered by keyword, their embedding fails", "tenant", tenant, "error", err)
	}
}
