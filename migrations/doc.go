// Package migrations embeds the goose migrations of the database.
//
// Every table of a tenant has tenant_id first in its primary key, row-level
// security with FORCE, and two policies: the application role sees the tenant
// that the transaction named in app.tenant_id and nothing without it; the
// system role, for work across tenants, sees all. Neither owns anything and
// neither can bypass row-level security.
package migrations

import "embed"

// FS holds the migrations in the order of their numbers.
//
//go:embed *.sql
var FS embed.FS
