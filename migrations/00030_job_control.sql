-- +goose Up
-- Jobs of every kind, and what can be done with them.
ALTER TABLE jobs DROP CONSTRAINT jobs_state_check;
ALTER TABLE jobs ADD CONSTRAINT jobs_state_check
    CHECK (state IN ('queued', 'running', 'paused', 'completed', 'completed_with_errors', 'failed', 'canceled'));
ALTER TABLE jobs
    ADD COLUMN title           text NOT NULL DEFAULT '',
    -- Who paused it: operator, tenant_suspended. It is paused while there is one.
    ADD COLUMN pause_reasons   text[] NOT NULL DEFAULT '{}',
    ADD COLUMN paused_at       timestamptz,
    ADD COLUMN resumed_at      timestamptz,
    -- Why nothing happens, as the work itself tells it; empty while something does.
    ADD COLUMN waiting         text NOT NULL DEFAULT '',
    ADD COLUMN waiting_detail  text NOT NULL DEFAULT '',
    ADD COLUMN waiting_since   timestamptz,
    -- The job that this one repeats, and the one that repeats this one.
    ADD COLUMN retry_of        uuid,
    ADD COLUMN retried_by      uuid,
    -- When it took one of the tenant's places; NULL while it waits for one.
    -- What an earlier release has queued was handed to Temporal without asking.
    ADD COLUMN dispatched_at   timestamptz DEFAULT now(),
    ADD COLUMN run_id          text NOT NULL DEFAULT '',
    ADD COLUMN trace_id        text NOT NULL DEFAULT '',
    ADD COLUMN worker          text NOT NULL DEFAULT '';
ALTER TABLE jobs ALTER COLUMN dispatched_at DROP DEFAULT;

-- Lists of jobs go by id, which is by time; each filter that leaves few rows has
-- its index, for a tenant and over all.
CREATE INDEX jobs_by_kind ON jobs (tenant_id, kind, id);
CREATE INDEX jobs_by_error ON jobs (tenant_id, error_code, id) WHERE error_code <> '';
CREATE INDEX jobs_all ON jobs (id);
CREATE INDEX jobs_all_by_state ON jobs (state, id);
CREATE INDEX jobs_all_by_kind ON jobs (kind, id);
CREATE INDEX jobs_all_by_error ON jobs (error_code, id) WHERE error_code <> '';
-- The tenant's queue, and those that hold its places.
CREATE INDEX jobs_waiting ON jobs (tenant_id, id) WHERE state = 'queued' AND dispatched_at IS NULL;
CREATE INDEX jobs_open ON jobs (tenant_id, kind) WHERE state IN ('queued', 'running', 'paused') AND dispatched_at IS NOT NULL;
-- What ReconcileJobs asks for by the id of a workflow.
CREATE INDEX jobs_by_workflow ON jobs (workflow_id, id);

-- One attempt at one step of a job. Of each job the newest are kept, failures
-- longer than successes.
CREATE TABLE job_attempts (
    tenant_id  uuid NOT NULL,
    job_id     uuid NOT NULL,
    id         uuid NOT NULL,
    step       text NOT NULL,
    from_seq   integer NOT NULL DEFAULT 0,
    to_seq     integer NOT NULL DEFAULT 0,
    attempt    integer NOT NULL,
    state      text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'succeeded', 'failed', 'lost')),
    stage      text NOT NULL DEFAULT '',
    error_code text NOT NULL DEFAULT '',
    error      text NOT NULL DEFAULT '',
    worker     text NOT NULL DEFAULT '',
    run_id     text NOT NULL DEFAULT '',
    started_at timestamptz NOT NULL DEFAULT now(),
    ended_at   timestamptz,
    PRIMARY KEY (tenant_id, job_id, id),
    FOREIGN KEY (tenant_id, job_id) REFERENCES jobs (tenant_id, id) ON DELETE CASCADE
);
SELECT protect_tenant_table('job_attempts');

-- Requests to retry many jobs. after_id is the last job that was looked at; it
-- moves in the transaction that retries, so that a killed worker repeats nothing.
CREATE TABLE job_redrives (
    tenant_id uuid NOT NULL,
    id        uuid NOT NULL,
    filter    jsonb NOT NULL,
    -- Jobs that came later are not part of it.
    until_id  uuid NOT NULL,
    after_id  uuid NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, id) REFERENCES jobs (tenant_id, id) ON DELETE CASCADE
);
SELECT protect_tenant_table('job_redrives');

-- Rebuilds, trainings and recoveries have tables of their own. Their job follows
-- these in the same transaction, whoever writes them. A job that has ended stays
-- as it is, and one that is paused stays paused until it ends.
-- +goose StatementBegin
CREATE FUNCTION follow_job(p_tenant uuid, p_id uuid, p_kind text, p_state text, p_stage text, p_total bigint, p_done bigint,
    p_code text, p_message text, p_workflow text, p_title text, p_waiting text, p_detail text, p_since timestamptz) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO jobs AS j (tenant_id, id, kind, state, stage, total, done, failed, error_code, error_message, workflow_id, title,
        waiting, waiting_detail, waiting_since, started_at, heartbeat_at, dispatched_at, finished_at)
    VALUES (p_tenant, p_id, p_kind, p_state, p_stage, least(p_total, 2147483647), least(p_done, 2147483647), 0, p_code, p_message, p_workflow, p_title,
        p_waiting, p_detail, CASE WHEN p_waiting <> '' THEN coalesce(p_since, now()) END, now(), now(), now(),
        CASE WHEN p_state NOT IN ('queued', 'running') THEN now() END)
    ON CONFLICT (tenant_id, id) DO UPDATE SET
        state = CASE WHEN j.state = 'paused' AND EXCLUDED.state = 'running' THEN 'paused' ELSE EXCLUDED.state END,
        stage = EXCLUDED.stage, total = greatest(EXCLUDED.total, EXCLUDED.done), done = EXCLUDED.done,
        error_code = EXCLUDED.error_code, error_message = EXCLUDED.error_message, heartbeat_at = now(), finished_at = EXCLUDED.finished_at,
        started_at = coalesce(j.started_at, now()),
        waiting = CASE WHEN EXCLUDED.waiting <> '' OR j.waiting IN ('provider', 'receiver', 'endpoint', 'tenant') THEN EXCLUDED.waiting ELSE j.waiting END,
        waiting_detail = CASE WHEN EXCLUDED.waiting <> '' OR j.waiting IN ('provider', 'receiver', 'endpoint', 'tenant') THEN EXCLUDED.waiting_detail ELSE j.waiting_detail END,
        waiting_since = CASE WHEN EXCLUDED.waiting = j.waiting THEN j.waiting_since
            WHEN EXCLUDED.waiting <> '' OR j.waiting IN ('provider', 'receiver', 'endpoint', 'tenant') THEN EXCLUDED.waiting_since ELSE j.waiting_since END
    WHERE j.state IN ('queued', 'running', 'paused')
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION follow_rebuild() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM follow_job(NEW.tenant_id, NEW.id, 'rebuild_index', NEW.state, CASE WHEN NEW.state = 'running' THEN NEW.stage ELSE 'done' END,
        NEW.total, NEW.documents, CASE WHEN NEW.state = 'failed' THEN 'rebuild_failed' ELSE '' END, NEW.error, NEW.workflow_id,
        'Rebuild the index: ' || NEW.reason, '', '', NULL);
    RETURN NULL;
END
$$;
CREATE TRIGGER follow_rebuild AFTER INSERT OR UPDATE ON index_rebuilds FOR EACH ROW EXECUTE FUNCTION follow_rebuild();

CREATE FUNCTION follow_model() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- What happens to a model after it took over, or was taken back, is no job.
    IF TG_OP = 'UPDATE' AND OLD.state NOT IN ('training', 'ready') THEN RETURN NULL; END IF;
    PERFORM follow_job(NEW.tenant_id, NEW.id, 'train_embeddings',
        CASE NEW.state WHEN 'training' THEN 'running' WHEN 'ready' THEN 'running' WHEN 'failed'
            THEN CASE WHEN NEW.error_code = 'canceled' THEN 'canceled' ELSE 'failed' END ELSE 'completed' END,
        CASE WHEN NEW.state IN ('training', 'ready') THEN NEW.stage ELSE 'done' END,
        CASE WHEN NEW.state = 'active' THEN OLD.total ELSE NEW.total END, CASE WHEN NEW.state = 'active' THEN OLD.total ELSE NEW.done END,
        CASE WHEN NEW.error_code = 'canceled' THEN '' ELSE NEW.error_code END, NEW.error, 'train/' || NEW.tenant_id,
        'Make an embedding model: ' || NEW.reason, CASE WHEN NEW.waiting <> '' THEN 'provider' ELSE '' END, NEW.waiting, NEW.waiting_since);
    RETURN NULL;
END
$$;
CREATE TRIGGER follow_model AFTER INSERT OR UPDATE ON embedding_models FOR EACH ROW EXECUTE FUNCTION follow_model();

CREATE FUNCTION follow_recovery() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM follow_job(NEW.tenant_id, NEW.id, 'recover_webhook', NEW.state, NEW.stage, 0, NEW.resent + NEW.created,
        CASE WHEN NEW.state = 'failed' THEN 'recovery_failed' ELSE '' END, NEW.error, NEW.workflow_id,
        'Send again what a webhook did not get', NEW.waits_for, '', NEW.updated_at);
    RETURN NULL;
END
$$;
CREATE TRIGGER follow_recovery AFTER INSERT OR UPDATE ON webhook_recoveries FOR EACH ROW EXECUTE FUNCTION follow_recovery();
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER follow_recovery ON webhook_recoveries;
DROP TRIGGER follow_model ON embedding_models;
DROP TRIGGER follow_rebuild ON index_rebuilds;
DROP FUNCTION follow_recovery();
DROP FUNCTION follow_model();
DROP FUNCTION follow_rebuild();
DROP FUNCTION follow_job(uuid, uuid, text, text, text, bigint, bigint, text, text, text, text, text, text, timestamptz);
DROP TABLE job_redrives;
DROP TABLE job_attempts;
DROP INDEX jobs_by_workflow, jobs_open, jobs_waiting, jobs_all_by_error, jobs_all_by_kind, jobs_all_by_state, jobs_all, jobs_by_error, jobs_by_kind;
SET LOCAL ROLE rustassistant_system;
DELETE FROM jobs WHERE kind <> 'index_documents';
UPDATE jobs SET state = 'queued' WHERE state = 'paused';
RESET ROLE;
ALTER TABLE jobs DROP COLUMN title, DROP COLUMN pause_reasons, DROP COLUMN paused_at, DROP COLUMN resumed_at, DROP COLUMN waiting,
    DROP COLUMN waiting_detail, DROP COLUMN waiting_since, DROP COLUMN retry_of, DROP COLUMN retried_by, DROP COLUMN dispatched_at,
    DROP COLUMN run_id, DROP COLUMN trace_id, DROP COLUMN worker;
ALTER TABLE jobs DROP CONSTRAINT jobs_state_check;
ALTER TABLE jobs ADD CONSTRAINT jobs_state_check
    CHECK (state IN ('queued', 'running', 'completed', 'completed_with_errors', 'failed', 'canceled'));
