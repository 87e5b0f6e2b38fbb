// Package adminui serves the admin dashboard from inside the binary.
//
// The dashboard is a React application in this folder. `npm ci && npm run build`
// writes it to dist, which [Handler] embeds. Git keeps dist empty, so a Go build
// never needs npm and a dashboard build never dirties the tree; a binary built
// that way answers every page with instructions for building the dashboard.
//
//	/admin, /admin/jobs         index.html with a fresh nonce, never stored
//	/admin/assets/main-B3x.js   hashed by its content, immutable for a year
//	/admin/favicon.svg          revalidated by ETag
//	/admin/assets/old-A1b.js    404: a path with an extension is a file or nothing
package adminui
