package api

import (
	"bytes"
	"context"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/cache"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/index"
	"github.com/rustassistant/rustassistant/internal/search"
	"github.com/rustassistant/rustassistant/internal/store"
	"github.com/rustassistant/rustassistant/internal/testenv"
)

// searchEnv is an env with the real search service behind it, on the real store
// and the real Redis. Documents are committed by the test, as a worker would.
type searchEnv struct {
	*env
	service *search.Service
	redis   string
	// deaf makes the process learn nothing of the store, as when it is away.
	deaf atomic.Bool
}

func newSearchEnv(t *testing.T, change ...func(*Deps)) *searchEnv {
	t.Helper()
	e := &searchEnv{redis: testenv.RedisURL(t)}
	e.env = newEnv(t, append(change, func(d *Deps) {
		e.service = e.newService(t, d.Store)
		d.Search = e.service
	})...)
	return e
}

// newService is a process of its own: its own memory, the same store and Redis.
func (e *searchEnv) newService(t *testing.T, from *store.Store) *search.Service {
	t.Helper()
	options, err := redis.ParseURL(e.redis)
	require.NoError(t, err)
	client := cache.NewRedisClient(&redis.UniversalOptions{
		Addrs: []string{options.Addr}, Password: options.Password, DB: options.DB,
	}, 0)
	answers := cache.New(cache.Options{Redis: client, Prefix: "test:"})
	manager, err := index.NewManager(from, index.ManagerOptions{CacheDir: t.TempDir()})
	require.NoError(t, err)
	service := search.NewService(search.Deps{
		Index: manager, Cache: answers, StaleAfter: 600 * time.Millisecond,
		Generations: func(ctx context.Context, tenants []uuid.UUID) (map[uuid.UUID]uint64, error) {
			if e.deaf.Load() {
				return nil, context.DeadlineExceeded
			}
			return from.Generations(ctx, tenants)
		},
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		service.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		answers.Close()
		_ = client.Close()
		manager.Close()
	})
	return service
}

// add accepts a document through the API and commits it.
func (e *searchEnv) add(doc map[string]any) AcceptedDocument {
	e.t.Helper()
	made := e.create(doc)
	e.commit(e.tenant.ID, *made.JobID)
	return made
}

// commit indexes the first hundred documents of a job, one chunk each.
func (e *searchEnv) commit(tenant, job uuid.UUID) uint64 {
	e.t.Helper()
	ctx := e.t.Context()
	items, err := e.store.LoadBatch(ctx, tenant, job, domain.SeqRange{From: 1, To: 100})
	require.NoError(e.t, err)
	builder := index.NewBuilder(index.Options{})
	batch := store.Batch{JobID: job, Attempt: 1}
	for _, it := range items {
		require.NoError(e.t, builder.Add(index.Document{
			ID: it.DocumentID, Version: uint64(it.Version), ExternalID: it.ExternalID, Title: it.Title, DocType: it.DocType,
			SourceType: it.SourceType, RepoID: it.RepoID, SourceURL: it.SourceURL, Language: it.Language, Tags: it.Tags,
			Metadata: it.Metadata, CreatedAt: it.CreatedAt.UnixMilli(), UpdatedAt: it.UpdatedAt.UnixMilli(),
			Chunks: []index.Chunk{{Content: it.Content}},
		}))
		batch.Items = append(batch.Items, store.ItemOutcome{
			Seq: it.Seq, DocumentID: it.DocumentID, ExternalID: it.ExternalID, Version: it.Version, State: domain.ItemIndexed,
			Chunks: []store.Chunk{{Content: it.Content, Tokens: 1, Hash: []byte{1}}},
		})
	}
	data, meta, err := builder.Bytes()
	require.NoError(e.t, err)
	batch.Segment = &store.Segment{
		ID: uuid.Must(uuid.NewV7()), Docs: meta.Docs, Chunks: meta.Chunks, Bytes: meta.Bytes, Checksum: meta.Checksum, Analysis: meta.Analysis,
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil },
	}
	done, err := e.store.CommitBatch(ctx, tenant, batch)
	require.NoError(e.t, err)
	return done.Generation
}

func (e *searchEnv) search(body string, headers ...string) (answer, SearchAnswer) {
	e.t.Helper()
	a := e.do("POST", "/api/search", body, headers...).is(200)
	var out SearchAnswer
	a.into(&out)
	return a, out
}
