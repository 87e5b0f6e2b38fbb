package api

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/index"
	"github.com/rustassistant/rustassistant/internal/index/analysis"
	"github.com/rustassistant/rustassistant/internal/store"
)

// IndexKeeper starts the durable work on a tenant's index: *workflows.Client.
type IndexKeeper interface {
	// StartRebuild returns the ids of the rebuild and of its workflow; one that
	// runs already is a conflict.
	StartRebuild(ctx context.Context, tenant uuid.UUID, reason string) (rebuild uuid.UUID, workflowID string, err error)
	RequestCompaction(ctx context.Context, tenant uuid.UUID) error
}

// reasonRequested is the reason of a rebuild that somebody has asked for.
const reasonRequested = "requested"

// adminIndexRoutes are the rows of the route table about the state of the index.
func (s *Server) adminIndexRoutes() []route {
	return []route{
		{
			method: http.MethodGet, path: "/api/admin/index", id: "getAdminIndex", scope: auth.ScopeAdmin, tag: tagAdmin,
			summary: "The index and its segments", description: "As it is committed, with the last rebuild.",
			endpoint: typed[struct{}, adminIndexOutput](s.getAdminIndex),
		},
		{
			method: http.MethodPost, path: "/api/admin/index/rebuild", id: "rebuildIndex", scope: auth.ScopeAdmin,
			tag: tagAdmin, status: http.StatusAccepted, errors: []int{http.StatusConflict}, summary: "Rebuild the index",
			description: "Builds all segments anew from the stored documents, beside the index, and puts them in its place in one commit. " +
				"Searches and imports go on. `GET /api/admin/index` shows how far it is.",
			endpoint: typed[struct{}, indexWorkOutput](s.rebuildIndex),
		},
		{
			method: http.MethodPost, path: "/api/admin/index/rebuild/cancel", id: "cancelIndexRebuild", scope: auth.ScopeAdmin,
			tag: tagAdmin, status: http.StatusAccepted, errors: []int{http.StatusConflict}, summary: "Cancel the rebuild",
			description: "What was built is dropped; the index stays as it is.",
			endpoint:    typed[struct{}, indexWorkOutput](s.cancelIndexRebuild),
		},
		{
			method: http.MethodPost, path: "/api/admin/index/compact", id: "compactIndex", scope: auth.ScopeAdmin,
			tag: tagAdmin, status: http.StatusAccepted, summary: "Compact the index",
			description: "Merges segments where that is worth it and drops what is hidden in them. It runs by itself after commits and deletes.",
			endpoint:    typed[struct{}, indexWorkOutput](s.compactIndex),
		},
	}
}

// AdminIndexDetails is the answer of GET /api/admin/index.
type AdminIndexDetails struct {
	Generation      uint64         `json:"generation" doc:"Number of the newest commit."`
	Documents       int64          `json:"documents" doc:"Searchable."`
	Chunks          int64          `json:"chunks" doc:"Searchable passages."`
	HiddenDocuments int64          `json:"hidden_documents" doc:"Superseded or deleted copies that a compaction will drop."`
	Tombstones      int64          `json:"tombstones" doc:"Deletes that are not worked into every segment yet."`
	Bytes           int64          `json:"bytes"`
	Outdated        bool           `json:"outdated" doc:"Some texts were analysed by the rules of an older release; a rebuild is started by itself."`
	Segments        []AdminSegment `json:"segments"`
	Rebuild         *AdminRebuild  `json:"rebuild,omitempty" doc:"The last one; left out when there never was one."`
	CompactionURL   string         `json:"compaction_url,omitempty" doc:"The newest compaction in the Temporal UI."`
}

// AdminSegment is a live segment.
type AdminSegment struct {
	ID                uuid.UUID `json:"id"`
	Documents         int       `json:"documents" doc:"Hidden ones among them."`
	Chunks            int       `json:"chunks"`
	Bytes             int64     `json:"bytes"`
	Generation        uint64    `json:"generation" doc:"The commit that brought it."`
	AppliedGeneration uint64    `json:"applied_generation" doc:"Deletes up to this commit are worked in."`
	Analysis          int       `json:"analysis" doc:"Version of the rules its texts were analysed by."`
}

// AdminRebuild is how a rebuild of the index stands.
type AdminRebuild struct {
	ID          uuid.UUID          `json:"id"`
	State       store.RebuildState `json:"state" enum:"running,completed,failed,canceled"`
	Stage       string             `json:"stage" enum:"build,catch_up,swap" doc:"What it does, or did last."`
	Reason      string             `json:"reason" enum:"requested,analysis"`
	Documents   int64              `json:"documents" doc:"Built so far."`
	Total       int64              `json:"total"`
	Chunks      int64              `json:"chunks" doc:"Built so far."`
	Generation  uint64             `json:"generation" doc:"The commit that made it live; 0 before."`
	Error       string             `json:"error,omitempty"`
	StartedAt   time.Time          `json:"started_at"`
	UpdatedAt   time.Time          `json:"updated_at"`
	FinishedAt  *time.Time         `json:"finished_at" nullable:"true"`
	WorkflowURL string             `json:"workflow_url,omitempty" doc:"Its workflow in the Temporal UI."`
}

type adminIndexOutput struct{ Body AdminIndexDetails }

func (s *Server) getAdminIndex(ctx context.Context, _ *struct{}) (*adminIndexOutput, error) {
	tenant := caller(ctx).TenantID
	totals, err := s.deps.Store.IndexCounters(ctx, tenant)
	if err != nil {
		return nil, err
	}
	state, err := s.deps.Store.IndexState(ctx, tenant, totals.Generation)
	if err != nil {
		return nil, err
	}
	rebuild, err := s.deps.Store.LastRebuild(ctx, tenant)
	if err != nil {
		return nil, err
	}
	out := AdminIndexDetails{
		Generation: state.Generation, Documents: totals.Documents, Chunks: totals.Chunks, Tombstones: totals.Tombstones,
		HiddenDocuments: -totals.Documents, Segments: make([]AdminSegment, len(state.Segments)),
		CompactionURL: s.deps.Starter.WorkflowURL("compact/" + tenant.String()),
	}
	for n := range state.Segments {
		out.add(n, &state.Segments[n])
	}
	out.HiddenDocuments = max(0, out.HiddenDocuments) // a commit may have come between
	if rebuild != nil {
		out.Rebuild = s.rebuildView(rebuild)
	}
	return &adminIndexOutput{out}, nil
}

func (d *AdminIndexDetails) add(n int, seg *index.SegmentRef) {
	d.Segments[n] = AdminSegment{
		ID: seg.ID, Documents: seg.Docs, Chunks: seg.Chunks, Bytes: seg.Bytes, Generation: seg.Generation,
		AppliedGeneration: seg.AppliedGeneration, Analysis: seg.Analysis,
	}
	d.HiddenDocuments += int64(seg.Docs)
	d.Bytes += seg.Bytes
	d.Outdated = d.Outdated || seg.Analysis < analysis.Version
}

func (s *Server) rebuildView(r *store.Rebuild) *AdminRebuild {
	return &AdminRebuild{
		ID: r.ID, State: r.State, Stage: r.Stage, Reason: r.Reason, Documents: r.Documents, Total: r.Total, Chunks: r.Chunks,
		Generation: r.Generation, Error: r.Error, StartedAt: r.StartedAt, UpdatedAt: r.UpdatedAt, FinishedAt: utc(r.FinishedAt),
		WorkflowURL: s.deps.Starter.WorkflowURL(r.WorkflowID),
	}
}

// IndexWork names what was started.
type IndexWork struct {
	Status      string     `json:"status" enum:"started,requested,canceling"`
	RebuildID   *uuid.UUID `json:"rebuild_id,omitempty"`
	WorkflowID  string     `json:"workflow_id"`
	WorkflowURL string     `json:"workflow_url,omitempty" doc:"In the Temporal UI."`
}

type indexWorkOutput struct {
	Status int
	Body   IndexWork
}

func (s *Server) indexWork(status, workflowID string) *indexWorkOutput {
	return &indexWorkOutput{http.StatusAccepted, IndexWork{Status: status, WorkflowID: workflowID, WorkflowURL: s.deps.Starter.WorkflowURL(workflowID)}}
}

func (s *Server) rebuildIndex(ctx context.Context, _ *struct{}) (*indexWorkOutput, error) {
	tenant := caller(ctx).TenantID
	if err := s.deps.Store.RecordAction(ctx, tenant, "index.rebuild_requested", "index", ""); err != nil {
		return nil, err
	}
	id, workflowID, err := s.deps.IndexKeeper.StartRebuild(ctx, tenant, reasonRequested)
	if err != nil {
		return nil, temporalAway(err)
	}
	out := s.indexWork("started", workflowID)
	out.Body.RebuildID = &id
	return out, nil
}

func (s *Server) cancelIndexRebuild(ctx context.Context, _ *struct{}) (*indexWorkOutput, error) {
	last, err := s.deps.Store.LastRebuild(ctx, caller(ctx).TenantID)
	if err != nil {
		return nil, err
	}
	if last == nil || last.State != store.RebuildRunning {
		return nil, domain.Errorf(domain.CodeConflict, "no rebuild runs")
	}
	if err := s.deps.Store.RecordAction(ctx, caller(ctx).TenantID, "index.rebuild_canceled", "index", last.ID.String()); err != nil {
		return nil, err
	}
	if err := s.deps.Starter.CancelWorkflow(ctx, last.WorkflowID); err != nil {
		return nil, temporalAway(err)
	}
	return s.indexWork("canceling", last.WorkflowID), nil
}

func (s *Server) compactIndex(ctx context.Context, _ *struct{}) (*indexWorkOutput, error) {
	tenant := caller(ctx).TenantID
	if err := s.deps.Store.RecordAction(ctx, tenant, "index.compaction_requested", "index", ""); err != nil {
		return nil, err
	}
	if err := s.deps.IndexKeeper.RequestCompaction(ctx, tenant); err != nil {
		return nil, temporalAway(err)
	}
	return s.indexWork("requested", "compact/"+tenant.String()), nil
}
