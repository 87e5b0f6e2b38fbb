package store

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// JobFilter narrows a list of jobs. Empty fields do not narrow it. Its JSON is that
// of a stored redrive.
type JobFilter struct {
	States    []domain.JobState `json:"states,omitempty"`
	Kind      domain.JobKind    `json:"kind,omitempty"`
	ErrorCode string            `json:"error_code,omitempty"`
	// Since and Until bound when a job was created; Until itself is not in it.
	Since time.Time `json:"since,omitzero"`
	Until time.Time `json:"until,omitzero"`
	// Text is the id of a job or its beginning, the id or external id of a document
	// whose newest job is meant, or an error code.
	Text string `json:"-"`

	Before uuid.UUID `json:"-"` // list jobs older than this one
	Limit  int       `json:"-"`
	// unretried leaves out jobs that another one repeats.
	unretried bool
	// after and ascending list the other way round.
	after     uuid.UUID
	ascending bool
}

// Empty reports that the filter leaves out nothing.
func (f *JobFilter) Empty() bool {
	return len(f.States) == 0 && f.Kind == "" && f.ErrorCode == "" && f.Since.IsZero() && f.Until.IsZero() && f.Text == ""
}

// Jobs lists a tenant's jobs, newest first.
func (s *Store) Jobs(ctx context.Context, tenant uuid.UUID, f JobFilter) (out []domain.Job, err error) {
	err = s.txInTenant(ctx, tenant, func(tx pgx.Tx) error {
		q, err := newJobQuery(ctx, db.New(tx), tenant, f)
		if err != nil {
			return err
		}
		out, err = q.list(ctx, tx)
		return err
	})
	return out, err
}

// JobsOfAll lists the jobs of all tenants, newest first.
func (s *Store) JobsOfAll(ctx context.Context, f JobFilter) (out []domain.Job, err error) {
	err = translate(pgx.BeginFunc(ctx, s.system, func(tx pgx.Tx) error {
		q, err := newJobQuery(ctx, db.New(tx), uuid.Nil, f)
		if err != nil {
			return err
		}
		out, err = q.list(ctx, tx)
		return err
	}))
	return out, err
}

// txInTenant is inTenant for statements that are put together here.
func (s *Store) txInTenant(ctx context.Context, tenant uuid.UUID, fn func(pgx.Tx) error) error {
	return translate(pgx.BeginTxFunc(ctx, s.app, inTenantOptions("begin", tenant), fn))
}

// jobQuery is a statement of the conditions that a filter really has.
type jobQuery struct {
	filter JobFilter
	where  []string
	args   []any
	// low and high bound the ids: above low, below high.
	low, high uuid.UUID
}

func newJobQuery(ctx context.Context, q *db.Queries, tenant uuid.UUID, f JobFilter) (*jobQuery, error) {
	j := &jobQuery{filter: f, low: f.after, high: beforeOr(f.Before)}
	if tenant != uuid.Nil {
		j.add("tenant_id = %s", tenant)
	}
	// Ids are by time.
	if !f.Since.IsZero() {
		j.low = later(j.low, idAt(f.Since))
	}
	if !f.Until.IsZero() {
		j.below(idAt(f.Until))
	}
	if f.unretried {
		j.where = append(j.where, "retried_by IS NULL")
	}
	return j, j.text(ctx, q, tenant)
}

func later(a, b uuid.UUID) uuid.UUID {
	if bytes.Compare(a[:], b[:]) > 0 {
		return a
	}
	return b
}

// below leaves out an id and those after it.
func (j *jobQuery) below(id uuid.UUID) {
	if bytes.Compare(id[:], j.high[:]) < 0 {
		j.high = id
	}
}

func (j *jobQuery) add(condition string, arg any) {
	j.where = append(j.where, fmt.Sprintf(condition, j.arg(arg)))
}

// text looks up what the text of the filter means.
func (j *jobQuery) text(ctx context.Context, q *db.Queries, tenant uuid.UUID) error {
	text := strings.TrimSpace(j.filter.Text)
	if text == "" {
		return nil
	}
	ids := []uuid.UUID{}
	id, idErr := uuid.Parse(text)
	if idErr == nil {
		ids = append(ids, id)
	}
	if tenant != uuid.Nil {
		found, err := q.DocumentJobs(ctx, db.DocumentJobsParams{TenantID: tenant, ID: id, ExternalID: text})
		if err != nil {
			return err
		}
		ids = append(ids, found...)
	}
	low, high, prefix := idRange(text)
	switch {
	case len(ids) > 0:
		j.add("id = ANY(%s::uuid[])", ids)
	case prefix:
		j.add("id >= %s", low)
		j.add("id <= %s", high)
	default:
		j.filter.ErrorCode = text
	}
	return nil
}

// idRange reads the beginning of an id, of at least 8 digits.
func idRange(text string) (low, high uuid.UUID, ok bool) {
	digits := strings.ToLower(strings.ReplaceAll(text, "-", ""))
	if len(digits) < 8 || len(digits) > 32 || strings.Trim(digits, "0123456789abcdef") != "" {
		return low, high, false
	}
	low, errLow := uuid.Parse(digits + strings.Repeat("0", 32-len(digits)))
	high, errHigh := uuid.Parse(digits + strings.Repeat("f", 32-len(digits)))
	return low, high, errLow == nil && errHigh == nil
}

// statement makes one branch a state, since an index is in the list's order for
// one state only. order is empty for a count.
func (j *jobQuery) statement(columns string, order order) string {
	states := j.filter.States
	if len(states) == 0 {
		return j.branch(columns, order, "")
	}
	branches := make([]string, len(states))
	for n, state := range states {
		branches[n] = "(" + j.branch(columns, order, state) + ")"
	}
	return strings.Join(branches, " UNION ALL ")
}

// order is how a list goes.
type order struct {
	direction string
	limit     int
}

// branch selects the jobs of one state, or of all. It goes along the index of the
// condition that leaves the fewest rows: by comparing rows, since the planner would
// take an equality as a reason to go along the primary key, and that through all of
// a large tenant's jobs for a condition that few of them meet.
func (j *jobQuery) branch(columns string, o order, state domain.JobState) string {
	where := append([]string{}, j.where...)
	equal := []struct{ column, value string }{{"error_code", j.filter.ErrorCode}, {"kind", string(j.filter.Kind)}, {"state", string(state)}}
	lead := slices.IndexFunc(equal, func(e struct{ column, value string }) bool {
		return e.value != "" && e.value != string(domain.JobIndexDocuments)
	})
	for n, e := range equal {
		if n != lead && e.value != "" {
			where = append(where, e.column+" = "+j.arg(e.value))
		}
	}
	low, high := j.arg(j.low), j.arg(j.high)
	by := "id"
	if lead < 0 {
		where = append(where, "id > "+low, "id < "+high)
	} else {
		column, v := equal[lead].column, j.arg(equal[lead].value)
		where = append(where, fmt.Sprintf("(%s, id) > (%s, %s)", column, v, low), fmt.Sprintf("(%s, id) < (%s, %s)", column, v, high))
		if column == "error_code" {
			where = append(where, "error_code <> ''") // the index is for these
		}
		by = column + o.direction + ", id"
	}
	sql := "SELECT " + columns + " FROM jobs WHERE " + strings.Join(where, " AND ")
	if o.limit > 0 {
		sql += fmt.Sprintf(" ORDER BY %s%s LIMIT %d", by, o.direction, o.limit)
	}
	return sql
}

func (j *jobQuery) arg(value any) string {
	j.args = append(j.args, value)
	return fmt.Sprintf("$%d", len(j.args))
}

func (j *jobQuery) list(ctx context.Context, tx pgx.Tx) ([]domain.Job, error) {
	o := order{direction: " DESC", limit: j.filter.Limit}
	if j.filter.ascending {
		o.direction = " ASC"
	}
	sql := j.statement("*", o)
	if len(j.filter.States) > 1 {
		sql += fmt.Sprintf(" ORDER BY id%s LIMIT %d", o.direction, o.limit)
	}
	rows, err := tx.Query(ctx, sql, j.args...)
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[db.Job])
	return jobsFrom(found), err
}

func (j *jobQuery) count(ctx context.Context, tx pgx.Tx) (n int64, err error) {
	err = tx.QueryRow(ctx, "SELECT count(*) FROM ("+j.statement("1", order{})+") found", j.args...).Scan(&n)
	return n, err
}
