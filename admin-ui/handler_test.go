package adminui

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

const testIndex = `<!doctype html><meta property="csp-nonce" nonce="__CSP_NONCE__"><script nonce="__CSP_NONCE__"></script>`

// builtDashboard is the shape of what `npm run build` writes.
func builtDashboard() fstest.MapFS {
	return fstest.MapFS{
		".gitkeep":            {},
		"index.html":          {Data: []byte(testIndex)},
		"favicon.svg":         {Data: []byte("<svg/>")},
		"assets/main-1.js":    {Data: []byte("plain script")},
		"assets/main-1.js.br": {Data: []byte("brotli script")},
		"assets/main-1.js.gz": {Data: []byte("gzip script")},
		"assets/main-1.css":   {Data: []byte("body{}")},
		"assets/font-1.woff2": {Data: []byte("font")},
	}
}

func get(t *testing.T, h http.Handler, target string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	return do(t, h, http.MethodGet, target, headers...)
}

func do(t *testing.T, h http.Handler, method, target string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestPageIsServedOnEveryPathWithoutExtension(t *testing.T) {
	t.Parallel()
	h := newHandler(builtDashboard())
	for _, target := range []string{"/admin", "/admin/", "/admin/index.html", "/admin/jobs", "/admin/jobs/0199-aa?tab=items", "/admin/sign-in"} {
		w := get(t, h, target)
		require.Equal(t, http.StatusOK, w.Code, target)
		require.Equal(t, "text/html; charset=utf-8", w.Header().Get("Content-Type"), target)
		require.Equal(t, "no-cache, no-store", w.Header().Get("Cache-Control"), target)
		require.Empty(t, w.Header().Get("ETag"), "a page with a nonce must not be revalidated into another policy")
	}
}

func TestMissingAssetsAreNotFoundInsteadOfThePage(t *testing.T) {
	t.Parallel()
	h := newHandler(builtDashboard())
	targets := []string{
		"/admin/assets/main-0.js", "/admin/robots.txt", "/admin/.gitkeep", "/admin/assets/main-1.js.br",
		"/admin/assets/../index.html", "/api/documents", "/administrator", "/",
	}
	for _, target := range targets {
		w := get(t, h, target)
		require.Equal(t, http.StatusNotFound, w.Code, target)
		require.NotContains(t, w.Body.String(), "csp-nonce", target)
		require.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"), target)
	}
}

func TestEveryPageHasItsOwnNonceInPolicyAndMarkup(t *testing.T) {
	t.Parallel()
	h := newHandler(builtDashboard())
	inPolicy := regexp.MustCompile(`'nonce-([A-Z2-7]{26,})'`)
	seen := make(map[string]bool)
	for range 20 {
		w := get(t, h, "/admin")
		policy := w.Header().Get("Content-Security-Policy")
		match := inPolicy.FindStringSubmatch(policy)
		require.NotNil(t, match, policy)
		require.Equal(t, 2, strings.Count(w.Body.String(), `nonce="`+match[1]+`"`))
		require.NotContains(t, w.Body.String(), noncePlaceholder)
		require.False(t, seen[match[1]], "a nonce was used twice")
		seen[match[1]] = true
	}
}

func TestPolicyClosesEverythingThatThePageDoesNotUse(t *testing.T) {
	t.Parallel()
	w := get(t, newHandler(builtDashboard()), "/admin")
	policy := w.Header().Get("Content-Security-Policy")
	require.NotContains(t, policy, "unsafe")
	for _, directive := range []string{
		"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'", "connect-src 'self'",
	} {
		require.Contains(t, policy, directive)
	}
	require.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
	require.Equal(t, "no-referrer", w.Header().Get("Referrer-Policy"))
}

func TestHashedAssetsAreImmutableAndOthersAreRevalidated(t *testing.T) {
	t.Parallel()
	h := newHandler(builtDashboard())
	for target, want := range map[string]struct{ contentType, cacheControl string }{
		"/admin/assets/main-1.js":    {"text/javascript; charset=utf-8", "public, max-age=31536000, immutable"},
		"/admin/assets/main-1.css":   {"text/css; charset=utf-8", "public, max-age=31536000, immutable"},
		"/admin/assets/font-1.woff2": {"font/woff2", "public, max-age=31536000, immutable"},
		"/admin/favicon.svg":         {"image/svg+xml", "no-cache"},
	} {
		w := get(t, h, target)
		require.Equal(t, http.StatusOK, w.Code, target)
		require.Equal(t, want.contentType, w.Header().Get("Content-Type"), target)
		require.Equal(t, want.cacheControl, w.Header().Get("Cache-Control"), target)

		again := get(t, h, target, "If-None-Match", w.Header().Get("ETag"))
		require.Equal(t, http.StatusNotModified, again.Code, target)
		require.Empty(t, again.Body.String(), target)
	}
}

func TestBestPrecompressedVariantIsChosen(t *testing.T) {
	t.Parallel()
	h := newHandler(builtDashboard())
	etags := make(map[string]string)
	for _, c := range []struct{ accept, encoding, body string }{
		{"gzip, deflate, br, zstd", "br", "brotli script"},
		{"GZIP", "gzip", "gzip script"},
		{"br;q=0, gzip;q=0.5", "gzip", "gzip script"},
		{"br; q=0, gzip; q=zero", "", "plain script"},
		{"", "", "plain script"},
	} {
		w := get(t, h, "/admin/assets/main-1.js", "Accept-Encoding", c.accept)
		require.Equal(t, c.encoding, w.Header().Get("Content-Encoding"), c.accept)
		require.Equal(t, c.body, w.Body.String(), c.accept)
		require.Equal(t, "Accept-Encoding", w.Header().Get("Vary"))
		require.Equal(t, "text/javascript; charset=utf-8", w.Header().Get("Content-Type"))
		etags[w.Header().Get("ETag")] = c.encoding
	}
	require.Len(t, etags, 3, "every encoding needs its own strong ETag")

	uncompressed := get(t, h, "/admin/assets/main-1.css", "Accept-Encoding", "br, gzip")
	require.Empty(t, uncompressed.Header().Get("Content-Encoding"))
	require.Equal(t, "body{}", uncompressed.Body.String())
}

func TestOnlyGetAndHeadAreAllowed(t *testing.T) {
	t.Parallel()
	h := newHandler(builtDashboard())
	require.Equal(t, http.StatusOK, do(t, h, http.MethodHead, "/admin/jobs").Code)
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions} {
		w := do(t, h, method, "/admin")
		require.Equal(t, http.StatusMethodNotAllowed, w.Code, method)
		require.Equal(t, "GET, HEAD", w.Header().Get("Allow"), method)
	}
}

func TestBinaryWithoutDashboardSaysHowToBuildIt(t *testing.T) {
	t.Parallel()
	h := newHandler(fstest.MapFS{".gitkeep": {}})
	w := get(t, h, "/admin")
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.Contains(t, w.Body.String(), "npm run build")
	require.NotContains(t, w.Body.String(), noncePlaceholder)
	require.Contains(t, w.Header().Get("Content-Security-Policy"), "'nonce-")
	require.Equal(t, http.StatusNotFound, get(t, h, "/admin/assets/main-1.js").Code)
}

func TestEmbeddedFilesAnswer(t *testing.T) {
	t.Parallel()
	w := get(t, Handler(), "/admin")
	require.Contains(t, []int{http.StatusOK, http.StatusServiceUnavailable}, w.Code)
	require.Equal(t, http.StatusNotFound, get(t, Handler(), "/admin/.gitkeep").Code)
}
