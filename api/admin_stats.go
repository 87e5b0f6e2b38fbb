package api

import (
	"context"
	"time"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/search"
	"github.com/rustassistant/rustassistant/internal/store"
)

const recentJobs = 10

// AdminStats are the figures of the overview, of one tenant; search and cache are
// of this process.
type AdminStats struct {
	Documents  AdminDocuments    `json:"documents"`
	Chunks     AdminChunks       `json:"chunks"`
	Index      AdminIndex        `json:"index"`
	Jobs       AdminJobs         `json:"jobs"`
	Search     AdminSearch       `json:"search"`
	Cache      AdminCache        `json:"cache"`
	Throughput []AdminThroughput `json:"throughput" doc:"The last 24 hours, by hour; hours without documents are left out."`
	RecentJobs []Job             `json:"recent_jobs"`
}

// AdminDocuments counts documents.
type AdminDocuments struct {
	Total      int64 `json:"total"`
	Searchable int64 `json:"searchable"`
	Pending    int64 `json:"pending" doc:"Whose newest version waits for the index."`
	Failed     int64 `json:"failed" doc:"Whose newest version could not be indexed."`
	Added24h   int64 `json:"added_24h" doc:"Indexed by jobs of the last 24 hours, updates among them."`
}

// AdminChunks counts chunks.
type AdminChunks struct {
	Total int64 `json:"total"`
}

// AdminIndex is the state of the index.
type AdminIndex struct {
	Generation uint64 `json:"generation"`
	Segments   int    `json:"segments"`
	Bytes      int64  `json:"bytes"`
}

// AdminJobs counts jobs.
type AdminJobs struct {
	Queued       int64 `json:"queued"`
	Running      int64 `json:"running"`
	Completed24h int64 `json:"completed_24h"`
	Failed24h    int64 `json:"failed_24h" doc:"Those with some failed documents among them."`
}

// AdminSearch is about searches that this process answered.
type AdminSearch struct {
	Requests int64   `json:"requests"`
	P50MS    float64 `json:"p50_ms" doc:"Of the type of search that is used most, over the last minutes; 0 without any."`
	P95MS    float64 `json:"p95_ms"`
}

// AdminCache is about the cache of answers.
type AdminCache struct {
	Enabled     bool       `json:"enabled"`
	Hits        int64      `json:"hits"`
	Misses      int64      `json:"misses"`
	HitRate     float64    `json:"hit_rate" doc:"0 to 1."`
	MemoryItems int        `json:"memory_items"`
	Redis       AdminRedis `json:"redis"`
}

// AdminRedis is about the second tier of the cache.
type AdminRedis struct {
	Connected bool   `json:"connected"`
	Breaker   string `json:"breaker" doc:"closed, open, half-open; empty without Redis."`
}

// AdminThroughput is what one hour indexed.
type AdminThroughput struct {
	At        time.Time `json:"at"`
	Documents int64     `json:"documents"`
}

type adminStatsOutput struct{ Body AdminStats }

func (s *Server) getAdminStats(ctx context.Context, _ *struct{}) (*adminStatsOutput, error) {
	tenant := caller(ctx).TenantID
	counts, err := s.deps.Store.TenantStats(ctx, tenant)
	if err != nil {
		return nil, err
	}
	jobs, err := s.deps.Store.Jobs(ctx, tenant, store.JobFilter{Limit: recentJobs})
	if err != nil {
		return nil, err
	}
	out := AdminStats{
		Documents: AdminDocuments{Total: counts.Documents, Searchable: counts.Searchable, Pending: counts.Pending, Failed: counts.Failed},
		Chunks:    AdminChunks{counts.Chunks},
		Index:     AdminIndex{counts.Generation, counts.Segments, counts.IndexBytes},
		Jobs: AdminJobs{
			Queued: counts.Jobs[domain.JobQueued], Running: counts.Jobs[domain.JobRunning], Completed24h: counts.Jobs[domain.JobCompleted],
			Failed24h: counts.Jobs[domain.JobFailed] + counts.Jobs[domain.JobCompletedWithErrors],
		},
		Throughput: make([]AdminThroughput, len(counts.Throughput)), RecentJobs: s.jobViews(ctx, jobs),
	}
	for i, t := range counts.Throughput {
		out.Throughput[i] = AdminThroughput(t)
		out.Documents.Added24h += t.Documents
	}
	out.Search, out.Cache = searchFigures(s.deps.Search.Stats())
	return &adminStatsOutput{out}, nil
}

func searchFigures(stats search.Stats) (AdminSearch, AdminCache) {
	out := AdminSearch{Requests: stats.Requests}
	most := int64(0)
	for _, t := range stats.ByType {
		if t.Requests > most {
			most, out.P50MS, out.P95MS = t.Requests, orZero(t.P50MS), orZero(t.P95MS)
		}
	}
	c := stats.Cache
	return out, AdminCache{
		Enabled: c.Enabled, Hits: c.Hits, Misses: c.Misses, HitRate: c.HitRate, MemoryItems: c.MemoryItems,
		Redis: AdminRedis{Connected: c.Redis.Connected, Breaker: c.Redis.Breaker},
	}
}

func orZero(f *float64) float64 {
	if f == nil {
		return 0
	}
	return *f
}
