// Package config is the whole configuration of the program: one struct, filled
// from the environment and from a .env file, checked before anything starts.
//
//	.env ──┐
//	       ├─▶ merged ─▶ parsed ─▶ checked for the role ─▶ *Config
//	env  ──┘  (env wins)  └──────── violations ────────▶ *Error, all at once
//
// An empty variable means the same as an unset one. Secrets have types that print
// redacted; Reveal gives their text to the one place that needs it. Misspelled
// names are found by their distance to ours and reported as warnings, since a
// variable that is silently ignored is the hardest configuration error to see.
package config
