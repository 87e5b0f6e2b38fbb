package activities_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/activities"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/index"
	"github.com/rustassistant/rustassistant/internal/reindex"
	"github.com/rustassistant/rustassistant/internal/store"
)

// rebuilding is a bundle with a rebuild in hand.
type rebuilding struct {
	*bundle
	rebuilds *activities.Rebuilds
	in       activities.RebuildInput
}

func (b *bundle) rebuild() *rebuilding {
	b.t.Helper()
	r := &rebuilding{
		bundle:   b,
		rebuilds: &activities.Rebuilds{Store: b.store, Index: b.index, Compactor: b},
		in:       activities.RebuildInput{TenantID: b.tenant, RebuildID: uuid.Must(uuid.NewV7())},
	}
	b.env.RegisterActivity(r.rebuilds)
	start := activities.StartRebuildInput{TenantID: b.tenant, RebuildID: r.in.RebuildID, Reason: "requested", WorkflowID: "w"}
	_, err := b.env.ExecuteActivity("StartRebuild", start)
	require.NoError(b.t, err)
	return r
}

func (r *rebuilding) do(activity string) (out activities.RebuildOutput) {
	r.t.Helper()
	value, err := r.env.ExecuteActivity(activity, r.in)
	require.NoError(r.t, err, activity)
	require.NoError(r.t, value.Get(&out))
	return out
}

func (b *bundle) index1(docs ...domain.DocumentInput) {
	b.t.Helper()
	_, err := b.run(b.accept(docs...))
	require.NoError(b.t, err)
}

func (b *bundle) deleteByExternalID(externalID string) {
	b.t.Helper()
	docs, err := b.store.Documents(b.t.Context(), b.tenant, store.DocumentFilter{ExternalID: externalID, Limit: 1})
	require.NoError(b.t, err)
	require.Len(b.t, docs, 1)
	_, err = b.store.DeleteDocuments(b.t.Context(), b.tenant, []uuid.UUID{docs[0].ID})
	require.NoError(b.t, err)
}

// digest stands for everything that is live.
func (b *bundle) digest() [32]byte {
	b.t.Helper()
	require.NoError(b.t, b.index.Refresh(b.t.Context(), b.tenant))
	var all []index.DocumentDigest
	require.NoError(b.t, b.index.Use(b.t.Context(), b.tenant, func(s *index.Snapshot) error {
		for _, ref := range s.Segments() {
			part, err := s.Digests(b.t.Context(), ref.ID)
			if err != nil {
				return err
			}
			all = append(all, part...)
		}
		return nil
	}))
	return index.Digest(all)
}

func TestARebuiltIndexSaysTheSame(t *testing.T) {
	b := setup(t)
	for i := range 30 {
		d := doc(fmt.Sprint(i), fmt.Sprintf("common word%d in a text", i))
		d.Metadata = []byte(fmt.Sprintf(`{"z":%d,"a":{"b":"x"}}`, i))
		d.Tags = []string{"t", fmt.Sprint(i % 3)}
		b.index1(d)
	}
	b.index1(doc("7", "another text of seven"))
	b.deleteByExternalID("8")
	before := b.digest()

	r := b.rebuild()
	out := r.do("BuildShadow")
	require.Equal(t, activities.RebuildOutput{Documents: 29, Total: 29}, out)
	require.Equal(t, before, b.digest(), "nobody sees what is built in shadow")
	require.Zero(t, r.do("CatchUpRebuild").Behind)
	require.NotZero(t, r.do("SwapRebuild").Generation)

	require.Equal(t, before, b.digest())
	state, err := b.store.IndexState(t.Context(), b.tenant, 0)
	require.NoError(t, err)
	require.Len(t, state.Segments, 1)
	require.Empty(t, state.Tombstones)
	require.Len(t, b.found("common"), 28)
	require.Equal(t, []string{"7"}, b.found("seven"))
}

// What is committed while a rebuild runs wins over what it has built: nothing is
// lost, shown twice, or shown again.
func TestCommitsDuringARebuildWin(t *testing.T) {
	b := setup(t)
	for i := range 20 {
		b.index1(doc(fmt.Sprint(i), fmt.Sprintf("common old%d", i)))
	}
	r := b.rebuild()
	r.do("BuildShadow")
	b.index1(doc("3", "common new3"), doc("20", "common new20"))
	b.deleteByExternalID("4")
	out := r.do("CatchUpRebuild")
	require.Equal(t, 2, out.Behind)
	b.index1(doc("5", "common new5"))
	b.index1(doc("3", "common newer3"))
	b.deleteByExternalID("6")
	b.deleteByExternalID("20")
	before := b.digest()
	require.NotZero(t, r.do("SwapRebuild").Generation)

	require.Equal(t, before, b.digest())
	ids := b.found("common")
	slices.Sort(ids)
	require.Len(t, ids, 18)
	require.Len(t, slices.Compact(ids), 18)
	for query, want := range map[string][]string{"newer3": {"3"}, "new3": nil, "old3": nil, "new5": {"5"}, "old4": nil, "old6": nil, "new20": nil} {
		require.Equal(t, want, b.found(query), query)
	}
	_, totals, versions, err := b.store.IndexAudit(t.Context(), b.tenant)
	require.NoError(t, err)
	require.EqualValues(t, 18, totals.Documents)
	require.Len(t, versions, 18)
}

// A merge while a rebuild runs takes away segments and tombstones that the rebuild
// may still think of.
func TestCompactionDuringARebuildLosesNothing(t *testing.T) {
	b := setup(t)
	for i := range 24 {
		b.index1(doc(fmt.Sprint(i), fmt.Sprintf("common word%d", i)))
	}
	r := b.rebuild()
	r.do("BuildShadow")
	for i := range 12 {
		b.deleteByExternalID(fmt.Sprint(i))
	}
	for {
		value, err := b.env.ExecuteActivity("MergeSegments", activities.MergeSegmentsInput{TenantID: b.tenant})
		require.NoError(t, err)
		var out activities.MergeSegmentsOutput
		require.NoError(t, value.Get(&out))
		if out.Merged == 0 {
			break
		}
	}
	r.do("CatchUpRebuild")
	require.NotZero(t, r.do("SwapRebuild").Generation)
	require.Len(t, b.found("common"), 12)
	require.Empty(t, b.found("word3"))
}

// The row of a document whose next version waits, or has failed, holds that one;
// the rebuilt segment holds what was indexed.
func TestADocumentWithAWaitingVersionKeepsItsIndexedOne(t *testing.T) {
	b := setup(t)
	first := doc("a", "indexed text")
	first.Title, first.Tags = "Indexed title", []string{"kept"}
	b.index1(first, doc("b", "other"))
	second := doc("a", "waiting text")
	second.Title = "Waiting title"
	waiting := b.accept(second)
	before := b.digest()
	r := b.rebuild()
	r.do("BuildShadow")
	r.do("SwapRebuild")
	require.Equal(t, before, b.digest())
	require.Equal(t, []string{"a"}, b.found("indexed"))
	require.Empty(t, b.found("waiting"))
	_, err := b.run(waiting)
	require.NoError(t, err)
	require.Equal(t, []string{"a"}, b.found("waiting"))
	require.Empty(t, b.found("indexed"))
}

func TestARebuildGoesOnWhereAKilledWorkerStopped(t *testing.T) {
	b := setup(t)
	b.index1(doc("a", "apples"), doc("b", "pears"))
	r := b.rebuild()
	r.do("BuildShadow")
	segments, err := b.store.ShadowSegments(t.Context(), b.tenant, r.in.RebuildID)
	require.NoError(t, err)
	require.Len(t, segments, 1)
	r.do("BuildShadow")
	again, err := b.store.ShadowSegments(t.Context(), b.tenant, r.in.RebuildID)
	require.NoError(t, err)
	require.Equal(t, segments, again, "nothing is built twice")
	first := r.do("SwapRebuild")
	require.Equal(t, first.Generation, r.do("SwapRebuild").Generation, "a second attempt changes nothing")
	require.Equal(t, []string{"a"}, b.found("apples"))
}

func TestACanceledRebuildLeavesTheIndexAsItWas(t *testing.T) {
	b := setup(t)
	b.index1(doc("a", "apples"))
	before, err := b.store.IndexState(t.Context(), b.tenant, 0)
	require.NoError(t, err)
	r := b.rebuild()
	r.do("BuildShadow")
	_, err = b.env.ExecuteActivity("EndRebuild", activities.EndRebuildInput{TenantID: b.tenant, RebuildID: r.in.RebuildID, Canceled: true})
	require.NoError(t, err)
	_, err = b.store.SwapRebuild(t.Context(), b.tenant, r.in.RebuildID, func([]store.IndexedVersion) (store.Swap, error) { return store.Swap{}, nil })
	require.ErrorIs(t, err, store.ErrRebuildOver)
	after, err := b.store.IndexState(t.Context(), b.tenant, 0)
	require.NoError(t, err)
	require.Equal(t, before, after)
	left, err := b.store.ShadowSegments(t.Context(), b.tenant, r.in.RebuildID)
	require.NoError(t, err)
	require.Empty(t, left)
	last, err := b.store.LastRebuild(t.Context(), b.tenant)
	require.NoError(t, err)
	require.Equal(t, store.RebuildCanceled, last.State)
}

// A rebuild is what mends an index of which a stored segment is damaged.
func TestARebuildMendsADamagedSegment(t *testing.T) {
	b := setup(t)
	b.index1(doc("a", "apples"), doc("b", "pears"))
	state, err := b.store.IndexState(t.Context(), b.tenant, 0)
	require.NoError(t, err)
	b.damage(state.Segments[0].ID)
	report, err := reindex.Verify(t.Context(), b.store, b.tenant, reindex.Options{Dir: t.TempDir()})
	require.NoError(t, err)
	require.False(t, report.OK())
	require.Contains(t, report.Problems[0], "cannot be opened")
	cold, err := index.NewManager(b.store, index.ManagerOptions{CacheDir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(cold.Close)
	require.ErrorIs(t, cold.Refresh(t.Context(), b.tenant), index.ErrCorrupt)

	r := b.rebuild()
	r.rebuilds.Index = cold
	r.do("BuildShadow")
	require.NotZero(t, r.do("SwapRebuild").Generation)
	require.NoError(t, cold.Refresh(t.Context(), b.tenant))
	report, err = reindex.Verify(t.Context(), b.store, b.tenant, reindex.Options{Deep: true, Dir: t.TempDir()})
	require.NoError(t, err)
	require.Empty(t, report.Problems)
	require.Equal(t, reindex.SameBytes, report.Segments[0].Rebuilt)
}

// damage changes a byte of a stored segment.
func (b *bundle) damage(segment uuid.UUID) {
	b.t.Helper()
	conn, err := pgx.Connect(b.t.Context(), b.url)
	require.NoError(b.t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	tag, err := conn.Exec(b.t.Context(), "UPDATE index_segment_parts SET data = set_byte(data, 100, 255 - get_byte(data, 100)) WHERE segment_id = $1", segment)
	require.NoError(b.t, err)
	require.EqualValues(b.t, 1, tag.RowsAffected())
}

// Verify finds nothing in a sound index, whatever its history, and says how it
// compared.
func TestASoundIndexIsVerified(t *testing.T) {
	b := setup(t)
	for i := range 20 {
		b.index1(doc(fmt.Sprint(i), fmt.Sprintf("common word%d", i)))
	}
	b.index1(doc("3", "changed"))
	b.deleteByExternalID("4")
	b.accept(doc("5", "waits"))
	report, err := reindex.Verify(t.Context(), b.store, b.tenant, reindex.Options{Deep: true, Dir: t.TempDir()})
	require.NoError(t, err)
	require.Empty(t, report.Problems)
	require.Equal(t, 19, report.Documents)
	kinds, overwritten := map[reindex.Comparison]int{}, 0
	for _, s := range report.Segments {
		kinds[s.Rebuilt]++
		overwritten += s.Overwritten
	}
	require.Zero(t, kinds[reindex.Differs])
	require.NotZero(t, kinds[reindex.SameDigest], "merged ones")
	require.Equal(t, 1, overwritten)
}

// Verify names what does not agree with the stored passages.
func TestVerifyNamesADocumentThatDiffers(t *testing.T) {
	b := setup(t)
	b.index1(doc("a", "apples"), doc("b", "pears"))
	conn, err := pgx.Connect(t.Context(), b.url)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	_, err = conn.Exec(t.Context(), "UPDATE chunks SET content = 'plums' WHERE content = 'pears'")
	require.NoError(t, err)
	_, err = conn.Exec(t.Context(), "UPDATE index_state SET documents = 7 WHERE tenant_id = $1", b.tenant)
	require.NoError(t, err)
	report, err := reindex.Verify(t.Context(), b.store, b.tenant, reindex.Options{Deep: true, Dir: t.TempDir()})
	require.NoError(t, err)
	require.Len(t, report.Problems, 2)
	require.Contains(t, report.Problems[0], "counters")
	require.Contains(t, report.Problems[1], "differs from what the store holds")
}
