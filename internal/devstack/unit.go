package devstack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"
)

// service is a server program: how to prepare, start and probe it.
type service interface {
	name() Service
	// prepare makes data folders and configuration; slow only the first time.
	prepare(ctx context.Context) error
	// choosePort settles the ports that are free to choose. It is called before
	// the first launch and again when somebody took the port in between.
	choosePort() error
	command() command
	// ready makes the server usable and returns nil once it is.
	ready(ctx context.Context) error
	// portTaken reports that its port is held by somebody else.
	portTaken() bool
}

// readyLimit includes crash recovery of a large cluster.
const readyLimit = 90 * time.Second

// unit runs one service and starts it again when it ends unexpectedly.
type unit struct {
	svc service
	reg *registry
	dir string
	log *slog.Logger

	mu       sync.Mutex
	prepared bool
	running  *supervision // nil while stopped
}

// supervision is one period between start and stop.
type supervision struct {
	cancel context.CancelFunc
	// stopCtx bounds the orderly end; stop sets it before it cancels.
	stopCtx context.Context //nolint:containedctx // handed over to the supervising goroutine
	done    chan struct{}   // closed when the last process has ended
	err     error           // valid once done is closed
}

func newUnit(svc service, reg *registry, dir string, log *slog.Logger) *unit {
	return &unit{svc: svc, reg: reg, dir: dir, log: log.With("service", string(svc.name()))}
}

// start brings the service up and keeps it up until stop. Starting a running
// service does nothing.
func (u *unit) start(ctx context.Context) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.running != nil {
		return nil
	}
	began := time.Now()
	if err := u.prepare(ctx); err != nil {
		return err
	}
	p, err := u.firstLaunch(ctx)
	if err != nil {
		return err
	}
	watch, cancel := context.WithCancel(context.WithoutCancel(ctx))
	u.running = &supervision{cancel: cancel, done: make(chan struct{})}
	go u.supervise(watch, u.running, p)
	u.log.Debug("ready", "pid", p.pid, "took", time.Since(began).Round(time.Millisecond).String())
	return nil
}

func (u *unit) prepare(ctx context.Context) error {
	if u.prepared {
		return nil
	}
	if err := u.svc.prepare(ctx); err != nil {
		return err
	}
	if err := u.svc.choosePort(); err != nil {
		return err
	}
	u.prepared = true
	return nil
}

// firstLaunch tries again on another port when a stranger took the chosen one
// between the choice and the server's own listen.
func (u *unit) firstLaunch(ctx context.Context) (*process, error) {
	for attempt := 1; ; attempt++ {
		p, err := u.launch(ctx)
		if err == nil || attempt == 3 || !errors.Is(err, errEnded) || !u.svc.portTaken() {
			return p, err
		}
		if err := u.svc.choosePort(); err != nil {
			return nil, err
		}
	}
}

// launch starts a process and returns once it is ready; a process that does
// not get ready is ended.
func (u *unit) launch(ctx context.Context) (*process, error) {
	c := u.svc.command()
	c.logFile = filepath.Join(u.dir, "logs", string(u.svc.name())+".log")
	p, err := spawn(c)
	if err != nil {
		return nil, err
	}
	if err := u.reg.add(u.svc.name(), p); err != nil {
		return nil, errors.Join(err, p.stop(ctx))
	}
	if err := u.awaitReady(ctx, p); err != nil {
		return nil, errors.Join(err, u.end(context.WithoutCancel(ctx), p))
	}
	return p, nil
}

func (u *unit) awaitReady(ctx context.Context, p *process) error {
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	var probeErr error
	probed := make(chan struct{})
	go func() {
		defer close(probed)
		probeErr = poll(ctx, u.svc.ready)
	}()
	select {
	case <-probed:
		if probeErr != nil {
			return u.failure(p, fmt.Errorf("not ready: %w", probeErr))
		}
		return nil
	case <-p.exited:
		cancel()
		<-probed
		return u.failure(p, fmt.Errorf("%w (%w)", errEnded, exitReason(p)))
	}
}

// exitReason is never nil: a server that ends with code 0 has failed as well.
func exitReason(p *process) error {
	if p.err == nil {
		return errors.New("exit status 0")
	}
	return p.err
}

func (u *unit) failure(p *process, err error) error {
	return fmt.Errorf("%s %w; its log %s ends with:\n%s", u.svc.name(), err, p.command.logFile, p.output())
}

// supervise waits for the process and starts it again, a little later each
// time, until the supervision is cancelled.
func (u *unit) supervise(ctx context.Context, s *supervision, p *process) {
	defer close(s.done)
	const first, longest = 200 * time.Millisecond, 5 * time.Second
	pause := first
	for {
		if p != nil {
			how := p.wait(ctx)
			if ctx.Err() != nil {
				s.err = u.end(s.stopCtx, p)
				return
			}
			u.log.Warn("ended unexpectedly, starting it again", "how", fmt.Sprint(how))
			u.forget(p)
		}
		if !pauseFor(ctx, pause) {
			return
		}
		began := time.Now()
		next, err := u.launch(ctx)
		switch {
		case err == nil:
			u.log.Info("running again", "took", time.Since(began).Round(time.Millisecond).String())
			pause = first
		case ctx.Err() == nil:
			u.log.Error("could not be started again", "error", err.Error())
			pause = min(2*pause, longest)
		}
		p = next
	}
}

// pauseFor returns false when ctx ends first.
func pauseFor(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// stop returns when the service's process is gone: in good order until ctx
// ends, killed after that.
func (u *unit) stop(ctx context.Context) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.running == nil {
		return nil
	}
	u.running.stopCtx = ctx
	u.running.cancel()
	<-u.running.done
	err := u.running.err
	u.running = nil
	return err
}

func (u *unit) end(ctx context.Context, p *process) error {
	return errors.Join(p.stop(ctx), u.reg.remove(p.pid))
}

func (u *unit) forget(p *process) {
	if err := u.reg.remove(p.pid); err != nil {
		u.log.Warn("could not update the list of children", "error", err.Error())
	}
}
