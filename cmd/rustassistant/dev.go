package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/config"
	"github.com/rustassistant/rustassistant/internal/devstack"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
)

// stackStopTimeout bounds the end of the private servers.
const stackStopTimeout = 30 * time.Second

// devOptions are the flags of the dev command.
type devOptions struct {
	dataDir     string
	requireAuth bool
	noRedis     bool
}

func newDevCommand() *cobra.Command {
	var o devOptions
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Run everything for development: private Postgres, Redis, Temporal, server and worker",
		Long: `Starts a private PostgreSQL, Redis (where installed) and Temporal server with its UI, migrates, creates the
tenant "default" and an admin key, and runs server and worker in this process. Ctrl-C stops all of it; the next start
goes on where this one ended.

A request from this machine without a key acts with the admin key. --require-auth turns that off.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Load(config.RoleDev)
			if err != nil {
				return err
			}
			d := &dev{cfg: cfg, options: o, out: cmd.OutOrStdout(), began: time.Now()}
			return d.run(cmd.Context())
		},
	}
	cmd.Flags().StringVar(&o.dataDir, "data-dir", "", "where everything is kept (default: DEV_DATA_DIR, or rustassistant/dev in the user's data folder)")
	cmd.Flags().BoolVar(&o.requireAuth, "require-auth", false, "ask for a key from this machine, too")
	cmd.Flags().BoolVar(&o.noRedis, "no-redis", false, "run with the memory cache only")
	return cmd
}

// dev is one run of the dev command.
type dev struct {
	cfg     *config.Config
	options devOptions
	out     io.Writer
	began   time.Time
	dir     string
	stack   *devstack.Stack
	tenant  domain.Tenant
	keyID   uuid.UUID
	key     auth.Key
	newKey  bool
}

func (d *dev) run(ctx context.Context) error {
	if err := d.setup(ctx); err != nil {
		return err
	}
	runErr := d.runStack(ctx)
	stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stackStopTimeout)
	defer cancel()
	err := errors.Join(runErr, d.stack.Stop(stopCtx))
	if err == nil {
		_, err = fmt.Fprintln(d.out, "stopped; everything is kept in", d.dir)
	}
	return err
}

// setup settles the data folder and the ports and starts the private servers.
func (d *dev) setup(ctx context.Context) error {
	var err error
	if d.dir, err = d.dataDir(); err != nil {
		return err
	}
	if err := os.MkdirAll(d.dir, 0o711); err != nil {
		return fmt.Errorf("create the data folder: %w", err)
	}
	log, err := os.OpenFile(filepath.Join(d.dir, "rustassistant.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open the log file: %w", err)
	}
	setupLog(io.MultiWriter(os.Stderr, log), d.cfg, true)
	ports, err := devPorts()
	if err != nil {
		return err
	}
	api := devstack.PortUse{Host: d.cfg.ServerHost, Port: d.cfg.ServerPort, What: "the API", Variable: "SERVER_PORT"}
	if err := devstack.CheckPorts(api); err != nil {
		return err
	}
	d.stack, err = devstack.Start(ctx, devstack.Options{DataDir: filepath.Join(d.dir, "stack"), Ports: ports, Redis: !d.options.noRedis})
	return err
}

// runStack runs the product on the started servers until ctx ends.
func (d *dev) runStack(ctx context.Context) error {
	if err := d.pointToStack(); err != nil {
		return err
	}
	if err := d.encryptionKey(); err != nil {
		return err
	}
	if _, err := store.Migrate(ctx, d.cfg.DatabaseURL.Reveal()); err != nil {
		return err
	}
	a, err := newApp(ctx, d.cfg)
	if err != nil {
		return err
	}
	defer a.close(ctx)
	if err := d.bootstrap(ctx, a.store); err != nil {
		return err
	}
	o := serverOptions{ready: func() { d.banner() }}
	if !d.options.requireAuth {
		o.development = auth.Development(d.keyID, d.tenant.ID, d.tenant.Slug)
	}
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() error { return a.runServer(groupCtx, o) })
	group.Go(func() error { return a.runWorker(groupCtx) })
	return group.Wait()
}

// pointToStack makes the configuration, and the environment that the Temporal
// SDK reads, name the private servers. It leaves them in a file for commands
// such as `rustassistant key`.
func (d *dev) pointToStack() error {
	d.cfg.DatabaseURL = config.SecretURL(d.stack.DatabaseURL())
	d.cfg.RedisURL = config.SecretURL(d.stack.RedisURL())
	d.cfg.TemporalAddress, d.cfg.TemporalNamespace = d.stack.TemporalAddress(), "default"
	d.cfg.TemporalUIURL = d.stack.TemporalUIURL()
	if d.cfg.IndexCacheDir == "" {
		d.cfg.IndexCacheDir = filepath.Join(d.dir, "index")
	}
	var env strings.Builder
	for _, name := range []string{"DATABASE_URL", "REDIS_URL", "TEMPORAL_ADDRESS"} {
		fmt.Fprintf(&env, "%s='%s'\n", name, d.stack.Environment()[name])
	}
	if err := os.WriteFile(filepath.Join(d.dir, "env"), []byte(env.String()), 0o600); err != nil {
		return fmt.Errorf("write the environment file: %w", err)
	}
	return nil
}

// bootstrap creates the tenant and the admin key, once.
func (d *dev) bootstrap(ctx context.Context, s *store.Store) (err error) {
	if d.tenant, err = s.EnsureTenant(ctx, domain.DefaultTenantSlug, "Default"); err != nil {
		return err
	}
	if d.key, err = d.adminKey(); err != nil {
		return err
	}
	d.newKey, err = s.EnsureAPIKey(ctx, d.tenant.ID, store.NewAPIKey{
		Name: "Development admin key", Description: "made by rustassistant dev",
		Key: d.key, Scopes: auth.Scopes(auth.ScopePlatform),
	})
	if err != nil {
		return err
	}
	hash := d.key.Hash()
	record, err := s.KeyLookup(ctx, hash[:])
	d.keyID = record.KeyID
	return err
}

// adminKey reads the key file, or makes one.
func (d *dev) adminKey() (auth.Key, error) {
	name := filepath.Join(d.dir, "admin-key")
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		key := auth.Generate()
		return key, os.WriteFile(name, []byte(key.Reveal()+"\n"), 0o600)
	}
	if err != nil {
		return auth.Key{}, fmt.Errorf("read the admin key: %w", err)
	}
	key, err := auth.Parse(strings.TrimSpace(string(text)))
	if err != nil {
		return auth.Key{}, fmt.Errorf("the admin key in %s is damaged: delete the file for a new key: %w", name, err)
	}
	return key, nil
}

func (d *dev) banner() {
	base := "http://" + loopbackName(d.cfg.ServerHost) + ":" + fmt.Sprint(d.cfg.ServerPort)
	cache := "Redis and memory"
	if d.stack.RedisURL() == "" {
		cache = "memory only (redis-server is not installed or was turned off)"
	}
	key := "kept in " + filepath.Join(d.dir, "admin-key")
	if d.newKey {
		key = d.key.Reveal() + "\n              shown this once, " + key
	}
	auth := "requests from this machine need no key; --require-auth asks for one"
	if d.options.requireAuth {
		auth = "every request needs a key"
	}
	fmt.Fprintf(d.out, `
RustAssistant is ready after %s.

  API         %s
  API docs    %[2]s/api/docs
  Dashboard   %[2]s/admin
  Metrics     %[2]s/metrics
  Temporal UI %s
  Temporal    %s
  Cache       %s
  Admin key   %s
  Access      %s
  Data        %s  (environment for other commands: %[8]s/env)

Ctrl-C stops everything.
`, time.Since(d.began).Round(100*time.Millisecond), base, d.stack.TemporalUIURL(), d.stack.TemporalAddress(), cache, key, auth, d.dir)
	slog.Info("ready", "took", time.Since(d.began).String())
}

// loopbackName is how a browser on this machine reaches a listen address.
func loopbackName(host string) string {
	switch host {
	case "", "0.0.0.0", "::", "127.0.0.1":
		return "localhost"
	default:
		return host
	}
}

func (d *dev) dataDir() (string, error) {
	if d.options.dataDir != "" {
		return filepath.Abs(d.options.dataDir)
	}
	if dir := os.Getenv("DEV_DATA_DIR"); dir != "" {
		return filepath.Abs(dir)
	}
	if base := os.Getenv("XDG_DATA_HOME"); base != "" {
		return filepath.Join(base, "rustassistant", "dev"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", errors.New("there is no home folder: name a data folder with --data-dir")
	}
	return filepath.Join(home, ".local", "share", "rustassistant", "dev"), nil
}
