package adminui

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

const (
	// mountPath is where the dashboard lives; vite.config.ts builds for the same base.
	mountPath = "/admin"
	indexFile = "index.html"
	// noncePlaceholder is what Vite writes wherever a nonce belongs (html.cspNonce).
	noncePlaceholder = "__CSP_NONCE__"
	// assetsDir holds only files whose name contains a hash of their content.
	assetsDir = "assets/"
)

// handler answers from files that are read once, at start: they are a few
// megabytes at most, live in the binary and never change.
type handler struct {
	assets map[string]*asset
	// index is index.html with its placeholders; nil when the dashboard was not built.
	index []byte
}

// newHandler panics when built cannot be read: it is embedded, so that would be
// a broken binary, not a condition to run with.
func newHandler(built fs.FS) http.Handler {
	assets, err := loadAssets(built)
	if err != nil {
		panic(fmt.Errorf("read the embedded dashboard: %w", err))
	}
	index, err := fs.ReadFile(built, indexFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		panic(fmt.Errorf("read the embedded dashboard: %w", err))
	}
	return &handler{assets: assets, index: index}
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Referrer-Policy", "no-referrer")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	name, ok := nameBelowMount(r.URL.Path)
	if !ok {
		http.NotFound(w, r)
		return
	}
	if file, found := h.assets[name]; found {
		file.serve(w, r)
		return
	}
	// A page of the dashboard has no extension. Anything with one asks for a file:
	// answering with the page would hide a missing asset behind a 200.
	if name != indexFile && path.Ext(name) != "" {
		http.NotFound(w, r)
		return
	}
	h.servePage(w)
}

// nameBelowMount turns "/admin/assets/x.js" into "assets/x.js".
func nameBelowMount(urlPath string) (name string, ok bool) {
	rest, ok := strings.CutPrefix(urlPath, mountPath)
	if !ok || (rest != "" && rest[0] != '/') {
		return "", false
	}
	return strings.TrimPrefix(rest, "/"), true
}

// servePage answers with the dashboard. Each answer has its own nonce, so it has
// no ETag and must not be stored: a 304 would join an old page to a new policy.
func (h *handler) servePage(w http.ResponseWriter) {
	nonce := rand.Text()
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Cache-Control", "no-cache, no-store")
	header.Set("Content-Security-Policy", contentSecurityPolicy(nonce))
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	page := h.index
	if page == nil {
		page = notBuiltPage
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	// Write drops the body of a HEAD request; a failed write has nobody to tell.
	_, _ = w.Write(bytes.ReplaceAll(page, []byte(noncePlaceholder), []byte(nonce)))
}

// contentSecurityPolicy allows only what the dashboard uses: its own files, the
// API on the same origin, and the <style> and <script> elements that carry the
// nonce. Forms are sent by script, so form-action stays closed.
func contentSecurityPolicy(nonce string) string {
	return strings.Join([]string{
		"default-src 'none'",
		"script-src 'self' 'nonce-" + nonce + "'",
		"style-src 'self' 'nonce-" + nonce + "'",
		"img-src 'self' data:",
		"font-src 'self'",
		"connect-src 'self'",
		"base-uri 'none'",
		"form-action 'none'",
		"frame-ancestors 'none'",
	}, "; ")
}

// notBuiltPage stands in for the dashboard in a binary that was built without it.
var notBuiltPage = []byte(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Dashboard not built · RustAssistant</title>
<style nonce="` + noncePlaceholder + `">
:root { color-scheme: light dark }
body { font: 1rem/1.6 system-ui, sans-serif; max-width: 38rem; margin: 15vh auto; padding: 0 1.5rem }
pre { padding: 1rem; border: 1px solid color-mix(in srgb, currentColor 25%, transparent); border-radius: .5rem; overflow-x: auto }
</style>
</head>
<body>
<h1>The dashboard is not in this binary</h1>
<p>The API works; only its web page is missing, because this binary was built before the dashboard was.
Build the dashboard with Node.js 20.19 or newer, then build and start the server again:</p>
<pre><code>cd admin-ui
npm ci
npm run build
cd ..
go build ./cmd/rustassistant</code></pre>
</body>
</html>
`)
