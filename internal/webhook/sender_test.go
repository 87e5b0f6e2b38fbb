package webhook

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/domain"
)

const testSecret = "webhook_secret"

func message(url string) Message {
	return Message{URL: url, Secrets: []string{testSecret}, Event: Event{
		ID: uuid.Must(uuid.NewV7()), Type: domain.EventDocumentIndexed, OccurredAt: time.Now(), Data: json.RawMessage(`{"document_id":"d"}`),
	}}
}

// receive serves one handler on loopback and sends one event to it.
func receive(t *testing.T, handler http.HandlerFunc) Outcome {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.CloseClientConnections)
	t.Cleanup(func() { go server.Close() })
	o := Development()
	o.Timeout = 400 * time.Millisecond
	return NewSender(o).Send(t.Context(), message(server.URL))
}

func TestAReceiverGetsASignedEvent(t *testing.T) {
	t.Parallel()
	var body []byte
	var header http.Header
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ = io.ReadAll(r.Body)
		header = r.Header
		_, _ = io.WriteString(w, "thanks\x00\xff")
	}))
	t.Cleanup(server.Close)
	m := message(server.URL)
	m.Headers = map[string]string{"Authorization": "Bearer x"}
	o := NewSender(Development()).Send(t.Context(), m)
	require.True(t, o.OK(), o.Error)
	require.Equal(t, 200, o.Status)
	require.Equal(t, "thanks\uFFFD\uFFFD", o.Response)
	require.NoError(t, official(t, testSecret).Verify(body, header))
	require.Equal(t, m.Event.ID.String(), header.Get("Webhook-Id"))
	require.Equal(t, "Bearer x", header.Get("Authorization"))
	require.Equal(t, "application/json", header.Get("Content-Type"))
	var event struct {
		ID, Type  string
		Timestamp time.Time
		Data      struct {
			DocumentID string `json:"document_id"`
		}
	}
	require.NoError(t, json.Unmarshal(body, &event))
	require.Equal(t, "document.indexed", event.Type)
	require.Equal(t, "d", event.Data.DocumentID)
	require.Equal(t, m.Event.ID.String(), event.ID)
}

func TestStatusesThatAreNoSuccess(t *testing.T) {
	t.Parallel()
	for _, status := range []int{400, 401, 404, 410, 429, 500, 503, 304} {
		o := receive(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		require.False(t, o.OK(), status)
		require.Equal(t, status, o.Status)
		require.Equal(t, status == 410, o.Gone())
		require.False(t, o.OwnFault)
	}
}

func TestRetryAfterIsRead(t *testing.T) {
	t.Parallel()
	o := receive(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "120")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	require.Equal(t, 2*time.Minute, o.RetryAfter)
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	require.Equal(t, time.Hour, parseRetryAfter(now.Add(time.Hour).Format(http.TimeFormat), now))
	for _, none := range []string{"", "-5", "soon", "1e9", now.Add(-time.Hour).Format(http.TimeFormat)} {
		require.Zero(t, parseRetryAfter(none, now), none)
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	o := receive(t, func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "/", r.URL.Path, "only the first request is made")
		http.Redirect(w, r, "http://169.254.169.254/latest/meta-data", http.StatusTemporaryRedirect)
	})
	require.Equal(t, CodeRedirect, o.Code)
}

func TestAReceiverThatHangsOrDripsTimesOut(t *testing.T) {
	t.Parallel()
	done := make(chan struct{})
	t.Cleanup(func() { close(done) })
	hang := receive(t, func(http.ResponseWriter, *http.Request) { <-done })
	require.Equal(t, CodeTimeout, hang.Code)
	require.Less(t, hang.Duration, 3*time.Second)
	drip := receive(t, func(w http.ResponseWriter, r *http.Request) {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-r.Context().Done():
				return
			case <-tick.C:
				_, _ = io.WriteString(w, ".")
				w.(http.Flusher).Flush()
			}
		}
	})
	require.Equal(t, CodeTimeout, drip.Code)
	require.Equal(t, 200, drip.Status)
	require.Less(t, drip.Duration, 3*time.Second)
}

func TestAReceiverThatResetsOrRefusesOrTalksNonsense(t *testing.T) {
	t.Parallel()
	reset := receive(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if !assert.NoError(t, err) {
			return
		}
		_ = conn.(*net.TCPConn).SetLinger(0)
		_ = conn.Close()
	})
	require.Equal(t, CodeReset, reset.Code, reset.Error)
	nonsense := receive(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if !assert.NoError(t, err) {
			return
		}
		_, _ = conn.Write([]byte("SSH-2.0-OpenSSH\r\n\r\n"))
		_ = conn.Close()
	})
	require.Equal(t, CodeBadResponse, nonsense.Code, nonsense.Error)

	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := l.Addr().String()
	require.NoError(t, l.Close())
	refused := NewSender(Development()).Send(t.Context(), message("http://"+address))
	require.Equal(t, CodeRefused, refused.Code, refused.Error)
	require.NotContains(t, refused.Error, "127.0.0.1")
}

func TestAGzipBombAndHugeAnswersCostLittle(t *testing.T) {
	t.Parallel()
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	zeros := make([]byte, 1<<20)
	for range 64 {
		_, _ = z.Write(zeros)
	}
	require.NoError(t, z.Close())
	o := receive(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(bomb.Bytes())
	})
	require.True(t, o.OK(), o.Error)
	require.LessOrEqual(t, len(o.Response), 3*maxExcerptBytes, "each zero becomes a replacement character")
	o = receive(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(bytes.Repeat([]byte("x"), 10<<20)) })
	require.True(t, o.OK(), o.Error)
	require.Len(t, o.Response, maxExcerptBytes)
	o = receive(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Huge", strings.Repeat("h", 10<<20)) })
	require.Equal(t, CodeBadResponse, o.Code, o.Error)
}

// Ten megabytes of gzip that stand for ten gigabytes of zeros. It does not run
// beside other tests, because it measures what this process allocates.
func TestAGzipBombIsReadNoFurtherThanItIsKept(t *testing.T) { //nolint:paralleltest // see above
	var member bytes.Buffer
	z := gzip.NewWriter(&member)
	zeros := make([]byte, 1<<20)
	for range 64 {
		_, _ = z.Write(zeros)
	}
	require.NoError(t, z.Close())
	bomb := bytes.Repeat(member.Bytes(), 10<<20/member.Len())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(bomb)
	}))
	t.Cleanup(server.Close)
	sender := NewSender(Development())
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	o := sender.Send(t.Context(), message(server.URL))
	runtime.ReadMemStats(&after)
	require.True(t, o.OK(), o.Error)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(2<<20), "server and client together")
	require.Less(t, o.Duration, 5*time.Second)
}

func TestTheTimeoutIsFifteenSecondsOverAllOfIt(t *testing.T) {
	t.Parallel()
	require.Equal(t, 15*time.Second, NewSender(Options{}).options.Timeout)
	silent, err := net.Listen("tcp", "127.0.0.1:0") // accepts and never speaks TLS
	require.NoError(t, err)
	t.Cleanup(func() { _ = silent.Close() })
	options := Development()
	options.Timeout = 300 * time.Millisecond
	o := NewSender(options).Send(t.Context(), message("https://"+silent.Addr().String()))
	require.Equal(t, CodeTimeout, o.Code, o.Error)
	require.Less(t, o.Duration, 3*time.Second)
	options.Resolver = resolverAt(silent.Addr().String()) // nobody answers on UDP
	o = NewSender(options).Send(t.Context(), message("https://example.com/"))
	require.Less(t, o.Duration, 3*time.Second, "looking the name up counts, too")
	require.True(t, o.OwnFault)
}

func TestAnUntrustedCertificateIsRefused(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	server.Config.ErrorLog = nil
	t.Cleanup(server.Close)
	o := NewSender(Development()).Send(t.Context(), message(server.URL))
	require.Equal(t, CodeTLS, o.Code, o.Error)
}

func TestOwnFaultsAreTold(t *testing.T) {
	t.Parallel()
	done := make(chan struct{})
	t.Cleanup(func() { close(done) })
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-done }))
	t.Cleanup(func() { go server.Close() })
	ctx, cancel := contextWithCancelAfter(t, 50*time.Millisecond)
	defer cancel()
	o := NewSender(Development()).Send(ctx, message(server.URL))
	require.True(t, o.OwnFault)
	require.Equal(t, CodeInterrupted, o.Code)

	closed, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(t, err)
	address := closed.LocalAddr().String()
	require.NoError(t, closed.Close())
	o = NewSender(Options{Resolver: resolverAt(address), Timeout: 3 * time.Second}).Send(t.Context(), message("https://example.com/"))
	require.True(t, o.OwnFault, "our resolver is away: %s", o.Error)
	require.Equal(t, CodeDNS, o.Code)
	require.NotContains(t, o.Error, address)
}
