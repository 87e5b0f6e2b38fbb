package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rustassistant/rustassistant/internal/apiclient"
)

// pgEngine is PostgreSQL's full-text search in a schema of its own.
type pgEngine struct {
	pool    *pgxpool.Pool
	version string
}

const (
	pgCreate = `DROP SCHEMA IF EXISTS rustassistant_beside CASCADE;
CREATE SCHEMA rustassistant_beside;
CREATE TABLE rustassistant_beside.documents (
    id text PRIMARY KEY, title text NOT NULL, body text NOT NULL,
    words tsvector NOT NULL GENERATED ALWAYS AS
        (setweight(to_tsvector('english', title), 'A') || to_tsvector('english', body)) STORED
)`
	pgIndex = `CREATE INDEX ON rustassistant_beside.documents USING gin (words)`
	// Any of the words, as the others search: with all of them most questions find nothing.
	pgSearch = `WITH hits AS (
    SELECT id, title, body, ts_rank(words, replace(plainto_tsquery('english', $1)::text, '&', '|')::tsquery) AS rank
    FROM rustassistant_beside.documents
    WHERE words @@ replace(plainto_tsquery('english', $1)::text, '&', '|')::tsquery
    ORDER BY rank DESC, id LIMIT $2
)
SELECT id, title, rank, ts_headline('english', body, replace(plainto_tsquery('english', $1)::text, '&', '|')::tsquery)
FROM hits ORDER BY rank DESC, id`
)

func newPostgres(ctx context.Context, url string, clients int) (*pgEngine, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errors.New("DATABASE_URL is not a readable address") // the driver's words hold the password
	}
	cfg.MaxConns = int32(max(clients, 2))
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	p := &pgEngine{pool: pool}
	if err := pool.QueryRow(ctx, "SELECT current_setting('server_version')").Scan(&p.version); err != nil {
		pool.Close()
		return nil, fmt.Errorf("ask PostgreSQL: %w", err)
	}
	return p, nil
}

func (p *pgEngine) name() string { return "PostgreSQL " + p.version + ", OR + ts_rank" }

func (p *pgEngine) index(ctx context.Context, docs *corpus) (int, error) {
	if _, err := p.pool.Exec(ctx, pgCreate, pgx.QueryExecModeSimpleProtocol); err != nil {
		return 0, err
	}
	rows := &pgRows{}
	next, stop := pull(docs)
	defer stop()
	rows.next = next
	n, err := p.pool.CopyFrom(ctx, pgx.Identifier{"rustassistant_beside", "documents"}, []string{"id", "title", "body"}, rows)
	if err != nil {
		return int(n), err
	}
	for _, sql := range []string{pgIndex, "VACUUM (ANALYZE) rustassistant_beside.documents"} {
		if _, err := p.pool.Exec(ctx, sql); err != nil {
			return int(n), err
		}
	}
	return int(n), nil
}

// pgRows feeds COPY.
type pgRows struct {
	next   func() (apiclient.Document, error, bool)
	doc    apiclient.Document
	err    error
	number int
}

// Next implements pgx.CopyFromSource.
func (r *pgRows) Next() bool {
	var ok bool
	r.doc, r.err, ok = r.next()
	r.number++
	return ok && r.err == nil
}

// Values implements pgx.CopyFromSource.
func (r *pgRows) Values() ([]any, error) {
	id := r.doc.ExternalID
	if id == "" {
		id = fmt.Sprint("line ", r.number)
	}
	return []any{id, r.doc.Title, r.doc.Content}, nil
}

// Err implements pgx.CopyFromSource.
func (r *pgRows) Err() error { return r.err }

func (p *pgEngine) search(ctx context.Context, l load) (*measured, error) {
	return closedLoop(ctx, l, func(ctx context.Context, query string) error {
		_, err := p.ask(ctx, query)
		return err
	})
}

type pgHit struct {
	ID, Title string
	Rank      float32
	Snippet   string
}

func (p *pgEngine) ask(ctx context.Context, query string) ([]pgHit, error) {
	rows, err := p.pool.Query(ctx, pgSearch, query, results)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[pgHit])
}

func (p *pgEngine) close(ctx context.Context) error {
	defer p.pool.Close()
	_, err := p.pool.Exec(context.WithoutCancel(ctx), "DROP SCHEMA IF EXISTS rustassistant_beside CASCADE")
	return err
}
