package openai_test

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/embed/openai"
)

func TestARefusalIsClassified(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status    int
		body      string
		code      openai.Code
		transient bool
	}{
		{401, `{"error":{"message":"Incorrect API key provided: sk-canary-4711","code":"invalid_api_key"}}`, openai.CodeUnauthorized, false},
		{403, "canary", openai.CodeUnauthorized, false},
		{404, `{"error":{"message":"The model canary does not exist","code":"model_not_found"}}`, openai.CodeUnknownModel, false},
		{400, `{"error":{"message":"This model does not support specifying dimensions. canary"}}`, openai.CodeBadRequest, false},
		{400, `{"error":"model \"canary\" does not exist"}`, openai.CodeUnknownModel, false},
		{302, "", openai.CodeRedirect, false},
		{429, `{"error":{"code":"rate_limit_exceeded"}}`, openai.CodeRateLimited, true},
		{429, `{"error":{"code":"insufficient_quota"}}`, openai.CodeQuota, true},
		{402, "", openai.CodeQuota, true},
		{408, "", openai.CodeUnavailable, true},
		{424, `{"error":"canary"}`, openai.CodeUnavailable, true},
		{500, "canary", openai.CodeUnavailable, true},
		{502, "<html>canary</html>", openai.CodeUnavailable, true},
		{503, "", openai.CodeUnavailable, true},
	} {
		t.Run(fmt.Sprintf("%d %s", c.status, c.code), func(t *testing.T) {
			t.Parallel()
			s := newServer(t, func(w http.ResponseWriter, _ *http.Request, _ *asked) bool {
				if c.status == 302 {
					w.Header().Set("Location", "/v1/embeddings?elsewhere")
				}
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
				return true
			})
			e := s.failure(s.model(nil))
			require.Equal(t, c.code, e.Code)
			require.Equal(t, c.transient, e.Transient)
			require.Equal(t, c.status, e.Status)
			require.Len(t, s.requests(), 1, "neither repeated nor redirected in here")
		})
	}
}

func TestABrokenAnswerIsRefused(t *testing.T) {
	t.Parallel()
	good := vectorOf("x", testDims)
	raw := func(body string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { _, _ = w.Write([]byte(body)) }
	}
	items := func(list ...any) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { reply(w, list) }
	}
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter)
		code   openai.Code
	}{
		"truncated JSON":   {raw(`{"data":[{"index":0,"embedding":[0.1,0.2`), openai.CodeBadResponse},
		"not JSON":         {raw(`<html>canary</html>`), openai.CodeBadResponse},
		"a NaN literal":    {raw(`{"data":[{"index":0,"embedding":[NaN,1,1,1,1,1,1,1]}]}`), openai.CodeBadResponse},
		"empty":            {raw(``), openai.CodeBadResponse},
		"null":             {raw(`null`), openai.CodeBadResponse},
		"no data":          {items(), openai.CodeBadResponse},
		"too many":         {items(item(0, good), item(1, good)), openai.CodeBadResponse},
		"another index":    {items(item(7, good)), openai.CodeBadResponse},
		"no index":         {items(map[string]any{"embedding": good}), openai.CodeBadResponse},
		"other dimensions": {items(item(0, vectorOf("x", testDims+1))), openai.CodeWrongDims},
		"no dimensions":    {items(item(0, []float32{})), openai.CodeWrongDims},
		"larger than any":  {raw(strings.Repeat(" ", 2<<20)), openai.CodeBadResponse},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, func(w http.ResponseWriter, _ *http.Request, _ *asked) bool { c.answer(w); return true })
			e := s.failure(s.model(nil))
			require.Equal(t, c.code, e.Code)
			require.Equal(t, c.code != openai.CodeWrongDims, e.Transient)
		})
	}
}

func TestADyingConnectionIsTransient(t *testing.T) {
	t.Parallel()
	hijack := func(w http.ResponseWriter, send string) bool {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_, _ = conn.Write([]byte(send))
			_ = conn.(*net.TCPConn).SetLinger(0) // a reset
			_ = conn.Close()
		}
		return true
	}
	const head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n\r\n"
	for name, behave := range map[string]func(http.ResponseWriter, *http.Request, *asked) bool{
		"reset before the head": func(w http.ResponseWriter, _ *http.Request, _ *asked) bool { return hijack(w, "") },
		"reset in the body":     func(w http.ResponseWriter, _ *http.Request, _ *asked) bool { return hijack(w, head+`{"data":[`) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, behave)
			e := s.failure(s.model(nil))
			require.Equal(t, openai.CodeUnavailable, e.Code)
			require.True(t, e.Transient)
		})
	}
	t.Run("nobody listens", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, nil)
		m := s.model(nil)
		s.Close()
		require.True(t, s.failure(m).Transient)
	})
}

func TestNoAnswerTakesLongerThanTheTimeout(t *testing.T) {
	t.Parallel()
	for name, behave := range map[string]func(http.ResponseWriter, *http.Request, *asked) bool{
		"hangs": func(_ http.ResponseWriter, r *http.Request, _ *asked) bool { <-r.Context().Done(); return true },
		"drips": func(w http.ResponseWriter, r *http.Request, _ *asked) bool {
			tick := time.NewTicker(20 * time.Millisecond)
			defer tick.Stop()
			for {
				select {
				case <-r.Context().Done():
					return true
				case <-tick.C:
					_, _ = w.Write([]byte(" "))
					_ = http.NewResponseController(w).Flush()
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, behave)
			start := time.Now()
			e := s.failure(s.model(func(o *openai.Options) { o.Timeout = 300 * time.Millisecond }))
			require.Equal(t, openai.CodeTimeout, e.Code)
			require.True(t, e.Transient)
			require.Less(t, time.Since(start), 3*time.Second)
		})
	}
}

func TestASlowOrForeignTLSServerIsTransient(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = silent.Close() })
	s := newServer(t, nil)
	e := s.failure(s.model(func(o *openai.Options) {
		o.BaseURL, o.Timeout = "https://"+silent.Addr().String(), 300*time.Millisecond
	}))
	require.Equal(t, openai.CodeTimeout, e.Code, "the handshake never ends")

	secure := httptest.NewTLSServer(http.HandlerFunc(s.serve))
	t.Cleanup(secure.Close)
	secure.Config.ErrorLog = nil
	e = s.failure(s.model(func(o *openai.Options) { o.BaseURL = secure.URL + "/v1" }))
	require.Equal(t, openai.CodeTLS, e.Code, "nobody vouches for it")
	require.Empty(t, s.requests(), "it has not seen the key")

	trusted := secure.Client().Transport.(*http.Transport).TLSClientConfig
	m := s.model(func(o *openai.Options) {
		o.BaseURL, o.TLS = secure.URL+"/v1", &tls.Config{RootCAs: trusted.RootCAs, MinVersion: tls.VersionTLS12}
	})
	vectors, err := m.EmbedDocuments(t.Context(), []string{"x"})
	require.NoError(t, err)
	requireUnit(t, vectors[0])
}

func TestRetryAfterIsPassedOn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		header, value string
		low, high     time.Duration
	}{
		"seconds":      {"Retry-After", "7", 7 * time.Second, 7 * time.Second},
		"a date":       {"Retry-After", time.Now().Add(30 * time.Second).UTC().Format(http.TimeFormat), 20 * time.Second, 31 * time.Second},
		"milliseconds": {"Retry-After-Ms", "1500", 1500 * time.Millisecond, 1500 * time.Millisecond},
		"ten years":    {"Retry-After", "315360000", time.Hour, time.Hour},
		"the past":     {"Retry-After", "Mon, 02 Jan 2006 15:04:05 GMT", 0, 0},
		"nonsense":     {"Retry-After", "soon", 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, func(w http.ResponseWriter, _ *http.Request, _ *asked) bool {
				w.Header().Set(c.header, c.value)
				w.WriteHeader(http.StatusTooManyRequests)
				return true
			})
			_, err := s.model(nil).EmbedDocuments(t.Context(), []string{"x"})
			after, ok := openai.Transient(err)
			require.True(t, ok)
			require.GreaterOrEqual(t, after, c.low)
			require.LessOrEqual(t, after, c.high)
		})
	}
}
