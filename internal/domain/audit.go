package domain

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"
)

// ActorKind says who made a change.
type ActorKind string

// The kinds of actors.
const (
	ActorAPIKey      ActorKind = "api_key"
	ActorSession     ActorKind = "session"     // a browser that signed in with a key
	ActorDevelopment ActorKind = "development" // the developer at the machine of the dev command
	ActorSystem      ActorKind = "system"      // a command at the database, or a workflow
)

// Actor is who makes changes.
type Actor struct {
	Kind      ActorKind
	ID        uuid.UUID // of the key
	Name      string    // of the key
	Address   string
	RequestID string
}

type actorKey struct{}

// WithActor returns a context whose changes are a's.
func WithActor(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// ActorFrom returns who makes the changes of ctx: the system when nobody is named.
func ActorFrom(ctx context.Context) Actor {
	if a, ok := ctx.Value(actorKey{}).(Actor); ok {
		return a
	}
	return Actor{Kind: ActorSystem}
}

// AuditEntry is one change in the audit log.
type AuditEntry struct {
	ID         uuid.UUID
	CreatedAt  time.Time
	Actor      Actor
	Action     string // such as api_key.created
	TargetType string
	TargetID   string
	// Before and After are facts of the target, null where there were none.
	Before, After json.RawMessage
}
