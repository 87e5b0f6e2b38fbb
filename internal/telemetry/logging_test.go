package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"

	"github.com/rustassistant/rustassistant/internal/auth"
)

// write logs a message that a test made up.
func write(ctx context.Context, t *testing.T, log *slog.Logger, msg string, args ...any) {
	t.Helper()
	r := slog.NewRecord(time.Now(), slog.LevelInfo, msg, 0)
	r.Add(args...)
	require.NoError(t, log.Handler().Handle(ctx, r))
}

func logged(ctx context.Context, t *testing.T, msg string, args ...any) (map[string]any, string) {
	t.Helper()
	var out bytes.Buffer
	write(ctx, t, NewLogger(&out, LogOptions{Service: "rustassistant", Version: "1"}), msg, args...)
	var line map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &line), out.String())
	return line, out.String()
}

func TestLinesHoldWhatTheContextHolds(t *testing.T) {
	t.Parallel()
	ctx := WithRequestID(t.Context(), "req-1")
	ctx = With(ctx, slog.String("tenant", "acme"))
	sibling := With(ctx, slog.String("workflow_id", "other"))
	ctx = With(ctx, slog.String("workflow_id", "index/1"))
	span := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}})
	line, _ := logged(trace.ContextWithSpanContext(ctx, span), t, "hello", "n", 1)
	require.Equal(t, "req-1", line["request_id"])
	require.Equal(t, "acme", line["tenant"])
	require.Equal(t, "index/1", line["workflow_id"])
	require.Equal(t, span.TraceID().String(), line["trace_id"])
	require.Equal(t, span.SpanID().String(), line["span_id"])
	require.Equal(t, "rustassistant", line["service"])
	require.Equal(t, "req-1", RequestID(ctx))
	require.Empty(t, RequestID(t.Context()))
	line, _ = logged(sibling, t, "hello")
	require.Equal(t, "other", line["workflow_id"])
}

func TestSecretsAreRedactedByNameAndByForm(t *testing.T) {
	t.Parallel()
	const canary = "canary4711"
	key := auth.Generate().Reveal()
	header := http.Header{"X-Api-Key": {canary}, "Authorization": {"Bearer " + canary}, "Cookie": {canary}, "Accept": {"fine"}}
	type deep struct{ Inner map[string]string }
	_, text := logged(t.Context(), t, "connect to postgresql://app:"+canary+"@db/x with "+key,
		"password", canary, "db_password", canary, "API-Key", canary, "Authorization", canary, "set-cookie", canary,
		"encryption_key", canary, "webhook_secret", slog.AnyValue([]string{canary}), "session_token", canary,
		slog.Group("redis", "password", canary, "url", "redis://:"+canary+"@cache:6379"),
		"error", fmt.Errorf("dial: %w", errors.New("redis://"+canary+"@cache refused")),
		"header", header, "deep", deep{map[string]string{"x": "Bearer " + canary, "y": key, "z": "https://h/?api_key=" + canary}},
		"raw", `{"auth":"Basic `+canary+`=="}`,
	)
	require.NotContains(t, text, canary)
	require.NotContains(t, text, key[len("ra_live_"):])
	require.Contains(t, text, "fine")
	require.Contains(t, text, "postgresql://app:[redacted]@db/x")
}

func TestHarmlessAttributesAreKept(t *testing.T) {
	t.Parallel()
	line, _ := logged(t.Context(), t, "GET https://example.com/a?b=c done", "tokens", 512, "token_count", 7,
		"url", "http://localhost:8080/api/search", "key", "value", "idempotency_key", "k-1", "mail", "a@b.example",
		"cookie_accepted", true)
	require.Equal(t, "GET https://example.com/a?b=c done", line["msg"])
	require.InDelta(t, 512, line["tokens"], 0)
	require.InDelta(t, 7, line["token_count"], 0)
	require.Equal(t, "http://localhost:8080/api/search", line["url"])
	require.Equal(t, "value", line["key"])
	require.Equal(t, "k-1", line["idempotency_key"])
	require.Equal(t, "a@b.example", line["mail"])
	require.Equal(t, true, line["cookie_accepted"])
}

func TestRedactedLinesAreStillJSON(t *testing.T) {
	t.Parallel()
	for _, value := range []string{
		`Bearer "quoted"`, `http://a:b"c@d`, "Bearer a\\b\"c", "://:@", "redis://:p@ss\n@x", `Basic AAAAAAAA\"`, "?token=a\"b",
	} {
		logged(t.Context(), t, value, "v", value, "e", errors.New(value))
	}
}

func TestTextForTerminals(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := NewLogger(&out, LogOptions{Text: true, Level: slog.LevelWarn}).With("a", 1).WithGroup("g")
	log.Info("not written")
	log.WarnContext(With(t.Context(), slog.String("tenant", "acme")), "written", "password", "x")
	require.Contains(t, out.String(), "level=WARN msg=written a=1 g.password=[redacted] g.tenant=acme")
	require.NotContains(t, out.String(), "not written")
}

func FuzzRedactedLinesAreStillJSON(f *testing.F) {
	f.Add("Bearer x", "http://u:p@h")
	f.Fuzz(func(t *testing.T, a, b string) {
		var out bytes.Buffer
		write(t.Context(), t, NewLogger(&out, LogOptions{}), a, "v", b, "s", slog.GroupValue(slog.String("url", a+b)))
		require.True(t, json.Valid(out.Bytes()), out.String())
	})
}

func BenchmarkLogLine(b *testing.B) {
	var out bytes.Buffer
	log := NewLogger(&out, LogOptions{})
	ctx := WithRequestID(context.Background(), "r")
	b.ReportAllocs()
	for b.Loop() {
		out.Reset()
		log.InfoContext(ctx, "request", "method", "GET", "route", "/api/search", "status", 200, "url", "http://localhost/x")
	}
}
