package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
)

const (
	eventPoll      = 500 * time.Millisecond
	eventHeartbeat = 15 * time.Second
	// eventWriteTimeout ends the stream of a client that does not read.
	eventWriteTimeout = 10 * time.Second
)

// watchJob streams a job's progress until it ends. A client that was cut off
// connects again and gets the present state first.
func (s *Server) watchJob(c *gin.Context) {
	id, err := parseID(c.Param("id"), "job")
	if err != nil {
		fail(c, err)
		return
	}
	select {
	case s.eventSlots <- struct{}{}:
		defer func() { <-s.eventSlots }()
	default:
		fail(c, &domain.Error{Code: domain.CodeRateLimited, Message: "too many jobs are being watched", RetryAfterSeconds: 5})
		return
	}
	ctx := c.Request.Context()
	job, err := s.deps.Store.Job(ctx, caller(ctx).TenantID, id)
	if err != nil {
		fail(c, err)
		return
	}
	stream := newEventStream(c)
	if err := stream.run(ctx, s, id, job); err != nil {
		// The status is sent; closing the connection is all that can be said.
		_ = c.Error(err)
	}
}

// eventStream writes server-sent events.
type eventStream struct {
	c       *gin.Context
	control *http.ResponseController
	last    string
}

func newEventStream(c *gin.Context) *eventStream {
	h := c.Writer.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // proxies must not hold events back
	control := http.NewResponseController(c.Writer)
	// The server's limits on a whole request are not for a stream. A writer that
	// has no deadlines is one of a test.
	_ = control.SetReadDeadline(time.Time{})
	return &eventStream{c: c, control: control}
}

func (e *eventStream) run(ctx context.Context, s *Server, id uuid.UUID, job domain.Job) error {
	poll, beat := time.NewTicker(eventPoll), time.NewTicker(eventHeartbeat)
	defer poll.Stop()
	defer beat.Stop()
	tenant := caller(ctx).TenantID
	for {
		if err := e.progress(s.jobView(ctx, &job)); err != nil {
			return err
		}
		if job.State.Final() {
			return e.write("event: end\ndata: {}\n\n")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.draining:
			return e.write(": the server is stopping, connect again\n\n")
		case <-beat.C:
			if err := e.write(": alive\n\n"); err != nil {
				return err
			}
		case <-poll.C:
			next, err := s.deps.Store.Job(ctx, tenant, id)
			switch {
			case err == nil:
				job = next
			case domain.CodeOf(err) != domain.CodeUnavailable: // an outage may pass
				return err
			}
		}
	}
}

// progress writes the job if it has changed.
func (e *eventStream) progress(job Job) error {
	data, err := json.Marshal(job)
	if err != nil {
		return fmt.Errorf("encode a job: %w", err)
	}
	if string(data) == e.last {
		return nil
	}
	e.last = string(data)
	return e.write("event: progress\ndata: " + e.last + "\n\n")
}

func (e *eventStream) write(text string) error {
	_ = e.control.SetWriteDeadline(time.Now().Add(eventWriteTimeout))
	if _, err := e.c.Writer.WriteString(text); err != nil {
		return fmt.Errorf("write an event: %w", err)
	}
	return e.control.Flush()
}

func documentJobEvents(api huma.API, op *huma.Operation) {
	op.Parameters = []*huma.Param{pathParam("id", "The job's id.")}
	op.Responses["200"] = &huma.Response{
		Description: "Events: `progress` with a job as its data, `end` when it will not change any more.",
		Content: map[string]*huma.MediaType{"text/event-stream": {
			Schema:  &huma.Schema{Type: huma.TypeString},
			Example: "event: progress\ndata: {\"id\":\"0198c0de-0000-7000-8000-000000000000\",\"state\":\"running\",\"total\":3,\"done\":1}\n\nevent: end\ndata: {}\n\n",
		}},
	}
	schemaOf[Job](api)
}
