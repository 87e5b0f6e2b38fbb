package store

import (
	"context"
	"fmt"
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
	o := pgx.TxOptions{BeginQuery: "begin; select set_config('app.tenant_id', '" + tenant.String() + "', true)"}
	return translate(pgx.BeginTxFunc(ctx, s.app, o, fn))
}

// jobQuery is a statement of the conditions that a filter really has: each
// combination is a plan of its own, that goes along one index in the list's order.
type jobQuery struct {
	filter JobFilter
	where  []string
	args   []any
}

func newJobQuery(ctx context.Context, q *db.Queries, tenant uuid.UUID, f JobFilter) (*jobQuery, error) {
	j := &jobQuery{filter: f}
	if tenant != uuid.Nil {
		j.add("tenant_id = %s", tenant)
	}
	if f.ascending {
		j.add("id > %s", f.after)
	} else {
		j.add("id < %s", beforeOr(f.Before))
	}
	if f.Kind != "" {
		j.add("kind = %s", string(f.Kind))
	}
	if f.ErrorCode != "" {
		j.add("error_code = %s", f.ErrorCode)
		j.where = append(j.where, "error_code <> ''") // the index is for these
	}
	// Ids are by time.
	if !f.Since.IsZero() {
		j.add("id >= %s", idAt(f.Since))
	}
	if !f.Until.IsZero() {
		j.add("id < %s", idAt(f.Until))
	}
	if f.unretried {
		j.where = append(j.where, "retried_by IS NULL")
	}
	return j, j.text(ctx, q, tenant)
}

func (j *jobQuery) add(condition string, arg any) {
	j.args = append(j.args, arg)
	j.where = append(j.where, fmt.Sprintf(condition, fmt.Sprintf("$%d", len(j.args))))
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
		j.add("error_code = %s", text)
		j.where = append(j.where, "error_code <> ''")
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
// one state only.
func (j *jobQuery) statement(columns, tail string) string {
	conditions := strings.Join(j.where, " AND ")
	if conditions == "" {
		conditions = "true"
	}
	states := j.filter.States
	if len(states) == 0 {
		return "SELECT " + columns + " FROM jobs WHERE " + conditions + tail
	}
	branches := make([]string, len(states))
	for n, state := range states {
		j.args = append(j.args, string(state))
		branches[n] = fmt.Sprintf("(SELECT %s FROM jobs WHERE %s AND state = $%d%s)", columns, conditions, len(j.args), tail)
	}
	return strings.Join(branches, " UNION ALL ")
}

func (j *jobQuery) list(ctx context.Context, tx pgx.Tx) ([]domain.Job, error) {
	order := " ORDER BY id DESC"
	if j.filter.ascending {
		order = " ORDER BY id"
	}
	tail := fmt.Sprintf("%s LIMIT %d", order, j.filter.Limit)
	sql := j.statement("*", tail)
	if len(j.filter.States) > 1 {
		sql += tail
	}
	rows, err := tx.Query(ctx, sql, j.args...)
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[db.Job])
	return jobsFrom(found), err
}

func (j *jobQuery) count(ctx context.Context, tx pgx.Tx) (n int64, err error) {
	err = tx.QueryRow(ctx, "SELECT count(*) FROM ("+j.statement("1", "")+") found", j.args...).Scan(&n)
	return n, err
}
