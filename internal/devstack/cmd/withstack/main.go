// Command withstack runs a command beside a throw-away PostgreSQL, Redis and
// Temporal and returns the command's exit code:
//
//	withstack -- go test ./...
//
// The command finds the servers through TEST_DATABASE_URL (superuser),
// TEST_REDIS_URL and TEST_TEMPORAL_ADDRESS. With -keep the folder with the
// servers' logs and data stays for looking into; it is printed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"github.com/rustassistant/rustassistant/internal/devstack"
)

// failed is the exit code when the stack, not the command, is the problem.
const failed = 125

func main() {
	keep := flag.Bool("keep", false, "keep the servers' data and logs, and print where they are")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: withstack [-keep] -- command [argument ...]")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	code, err := run(flag.Args(), *keep)
	if err != nil {
		fmt.Fprintln(os.Stderr, "withstack:", err)
	}
	os.Exit(code)
}

func run(args []string, keep bool) (code int, err error) {
	// Caught before anything starts, so that Ctrl-C always ends in the clean-up.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()

	dir, err := os.MkdirTemp("", "rustassistant-test-")
	if err != nil {
		return failed, err
	}
	if keep {
		fmt.Fprintln(os.Stderr, "withstack: data and logs stay in", dir)
	} else {
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	// Root's PostgreSQL runs as another user, who must get to its folder.
	if err := os.Chmod(dir, 0o711); err != nil { //nolint:gosec // see above
		return failed, err
	}
	stack, err := start(ctx, cancel, signals, dir)
	if err != nil {
		return failed, err
	}
	defer func() { err = errors.Join(err, stop(stack)) }()
	return runCommand(args, environment(stack), signals)
}

// start gives up when a signal comes in while the servers are starting.
func start(ctx context.Context, cancel context.CancelFunc, signals <-chan os.Signal, dir string) (*devstack.Stack, error) {
	done := make(chan struct{})
	defer close(done)
	go func() {
		select {
		case <-signals:
			cancel()
		case <-done:
		}
	}()
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	return devstack.Start(ctx, devstack.Options{DataDir: dir, Redis: true, Ephemeral: true, Log: log})
}

func stop(stack *devstack.Stack) error {
	// Nothing here is worth a long goodbye: the data is thrown away.
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return stack.Stop(ctx)
}

func environment(stack *devstack.Stack) []string {
	env := append(os.Environ(),
		"TEST_DATABASE_URL="+stack.AdminURL(),
		"TEST_TEMPORAL_ADDRESS="+stack.TemporalAddress())
	if url := stack.RedisURL(); url != "" {
		env = append(env, "TEST_REDIS_URL="+url)
	}
	return env
}

// runCommand passes signals on and returns the command's exit code.
func runCommand(args, env []string, signals <-chan os.Signal) (int, error) {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		return failed, err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	for {
		select {
		case sig := <-signals:
			// A Ctrl-C reached the command as well; asking twice does no harm.
			_ = cmd.Process.Signal(sig)
		case err := <-done:
			return exitCode(err)
		}
	}
}

func exitCode(err error) (int, error) {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if exit.ExitCode() < 0 {
			return failed, fmt.Errorf("the command ended by a signal: %w", err)
		}
		return exit.ExitCode(), nil
	}
	if err != nil {
		return failed, err
	}
	return 0, nil
}
