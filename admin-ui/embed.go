package adminui

import (
	"embed"
	"io/fs"
	"net/http"
)

// dist is the output of `npm run build`. The "all:" prefix embeds .gitkeep as
// well, without which the pattern would match nothing in a fresh checkout and
// the Go build would fail.
//
//go:embed all:dist
var dist embed.FS

// Handler serves the dashboard. It expects the whole request path, so mount it
// at /admin and at everything below; it answers 404 outside of that prefix.
func Handler() http.Handler {
	built, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // only an invalid constant path can fail here
	}
	return newHandler(built)
}
