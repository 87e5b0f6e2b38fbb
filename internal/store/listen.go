package store

import (
	"context"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/rustassistant/rustassistant/internal/store/db"
)

const (
	generationChannel = "rustassistant_generation"
	keyChannel        = "rustassistant_key"
	tenantChannel     = "rustassistant_tenant"
	// deliveryChannel is also written by the statement OutboxInsertMany.
	deliveryChannel = "rustassistant_delivery"
	listenRetry     = time.Second
	// listenCheck is how long the listener waits in silence before it asks the
	// connection for a sign of life: a dead peer says nothing by itself.
	listenCheck = 15 * time.Second
)

// TenantGone is announced in place of a state when a tenant has been off-boarded.
const TenantGone = "gone"

// Listener is told what other processes committed. Its functions must not block.
type Listener struct {
	// Generation is called for each commit to a tenant's index.
	Generation func(tenant uuid.UUID, generation uint64)
	// KeyChanged is called with the hash of a key that was revoked or changed.
	KeyChanged func(hash []byte)
	// TenantChanged is called with the state that a tenant has got, TenantGone when it
	// is no more; nil for who does not care.
	TenantChanged func(tenant uuid.UUID, state string)
	// Connected is called after each (re)connect: anything may have been missed.
	Connected func()
}

// Listen hears notifications until ctx ends. It reconnects by itself.
func (s *Store) Listen(ctx context.Context, l Listener) {
	s.listen(ctx, []string{generationChannel, keyChannel, tenantChannel}, l.Connected, func(channel, payload string) { l.dispatch(ctx, channel, payload) })
}

// WorkListener is told what workers care for. Its functions must not block.
type WorkListener struct {
	// Due is called for an endpoint that got deliveries to make. What is missed while
	// the connection is away is found by the RecoverDeliveries schedule.
	Due func(EndpointRef)
	// TenantChanged and Connected are those of Listener; they may be nil.
	TenantChanged func(tenant uuid.UUID, state string)
	Connected     func()
}

// ListenWork hears notifications until ctx ends.
func (s *Store) ListenWork(ctx context.Context, l WorkListener) {
	connected := func() {
		if l.Connected != nil {
			l.Connected()
		}
	}
	s.listen(ctx, []string{deliveryChannel, tenantChannel}, connected, func(channel, payload string) {
		if channel == tenantChannel {
			if tenant, state, ok := parseTenant(payload); ok && l.TenantChanged != nil {
				l.TenantChanged(tenant, state)
			}
			return
		}
		tenantID, id, _ := strings.Cut(payload, ":")
		tenant, err := uuid.Parse(tenantID)
		endpoint, err2 := uuid.Parse(id)
		if err == nil && err2 == nil {
			l.Due(EndpointRef{TenantID: tenant, ID: endpoint})
		}
	})
}

func (s *Store) listen(ctx context.Context, channels []string, connected func(), heard func(channel, payload string)) {
	for ctx.Err() == nil {
		if err := s.listenOnce(ctx, channels, connected, heard); err != nil && ctx.Err() == nil {
			slog.WarnContext(ctx, "listening for commits was interrupted, polling goes on", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(listenRetry):
		}
	}
}

func (s *Store) listenOnce(ctx context.Context, channels []string, connected func(), heard func(channel, payload string)) error {
	cfg, err := pgx.ParseConfig(s.url)
	if err != nil {
		return fmt.Errorf("read the database URL: %w", err)
	}
	cfg.RuntimeParams["role"] = systemRole
	cfg.RuntimeParams["application_name"] = "rustassistant_listen"
	patience(cfg)
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return err
	}
	// The context may have ended; closing needs one of its own.
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, "LISTEN "+strings.Join(channels, "; LISTEN ")); err != nil {
		return err
	}
	connected()
	for {
		if err := waitOnce(ctx, conn, heard); err != nil {
			return err
		}
	}
}

func waitOnce(ctx context.Context, conn *pgx.Conn, heard func(channel, payload string)) error {
	wait, cancel := context.WithTimeout(ctx, listenCheck)
	defer cancel()
	n, err := conn.WaitForNotification(wait)
	if err == nil {
		heard(n.Channel, n.Payload)
		return nil
	}
	if ctx.Err() != nil || wait.Err() == nil {
		return err
	}
	check, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	return conn.Ping(check)
}

func (l Listener) dispatch(ctx context.Context, channel, payload string) {
	switch channel {
	case generationChannel:
		id, number, _ := strings.Cut(payload, ":")
		tenant, err := uuid.Parse(id)
		generation, err2 := strconv.ParseUint(number, 10, 64)
		if err == nil && err2 == nil {
			l.Generation(tenant, generation)
			return
		}
	case keyChannel:
		if hash, err := hex.DecodeString(payload); err == nil {
			l.KeyChanged(hash)
			return
		}
	case tenantChannel:
		if tenant, state, ok := parseTenant(payload); ok {
			if l.TenantChanged != nil {
				l.TenantChanged(tenant, state)
			}
			return
		}
	}
	slog.WarnContext(ctx, "a notification could not be read", "channel", channel)
}

func parseTenant(payload string) (tenant uuid.UUID, state string, ok bool) {
	id, state, found := strings.Cut(payload, ":")
	tenant, err := uuid.Parse(id)
	return tenant, state, found && err == nil
}

func notifyGeneration(ctx context.Context, q *db.Queries, tenant uuid.UUID, generation int64) error {
	return q.Notify(ctx, db.NotifyParams{Channel: generationChannel, Payload: tenant.String() + ":" + strconv.FormatInt(generation, 10)})
}

func notifyKey(ctx context.Context, q *db.Queries, hash []byte) error {
	return q.Notify(ctx, db.NotifyParams{Channel: keyChannel, Payload: hex.EncodeToString(hash)})
}

func wakeEndpoint(ctx context.Context, q *db.Queries, tenant, endpoint uuid.UUID) error {
	return q.Notify(ctx, db.NotifyParams{Channel: deliveryChannel, Payload: tenant.String() + ":" + endpoint.String()})
}

func notifyTenant(ctx context.Context, q *db.Queries, tenant uuid.UUID, state string) error {
	return q.Notify(ctx, db.NotifyParams{Channel: tenantChannel, Payload: tenant.String() + ":" + state})
}
