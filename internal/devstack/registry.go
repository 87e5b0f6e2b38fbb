package devstack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"syscall"
	"time"
)

// child is a started process as the registry remembers it.
type child struct {
	Name       Service        `json:"name"`
	PID        int            `json:"pid"`
	Started    string         `json:"started"` // see startTime
	StopSignal syscall.Signal `json:"stop_signal"`
}

// registry is the list of live children on disk: what a kill -9 of this
// process could orphan.
type registry struct {
	name     string
	mu       sync.Mutex
	children []child
}

func openRegistry(name string) (*registry, error) {
	r := &registry{name: name}
	raw, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return nil, fmt.Errorf("devstack: %w", err)
	}
	if err := json.Unmarshal(raw, &r.children); err != nil {
		return nil, fmt.Errorf("devstack: %s is damaged, remove it once no server of this folder is running: %w", name, err)
	}
	return r, nil
}

// add records a process. A platform without /proc cannot identify processes,
// so nothing is recorded there and nothing is ever ended by mistake.
func (r *registry) add(name Service, p *process) error {
	started, err := startTime(p.pid)
	if err != nil {
		return nil // gone already, or not identifiable: nothing to clean up later
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.children = append(r.children, child{Name: name, PID: p.pid, Started: started, StopSignal: p.command.stopSignal})
	return r.save()
}

func (r *registry) remove(pid int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	kept := r.children[:0]
	for _, c := range r.children {
		if c.PID != pid {
			kept = append(kept, c)
		}
	}
	r.children = kept
	return r.save()
}

func (r *registry) save() error {
	raw, err := json.Marshal(r.children)
	if err != nil {
		return fmt.Errorf("devstack: %w", err)
	}
	return writeFileAtomic(r.name, raw)
}

// endOrphans ends the children an earlier process left and empties the list.
// The caller holds the folder's lock, so nobody live owns them.
func (r *registry) endOrphans(ctx context.Context, log *slog.Logger) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.children {
		if !isRunning(c.PID, c.Started) {
			continue
		}
		log.Warn("ending a server left by an earlier run", "service", string(c.Name), "pid", c.PID)
		if err := endProcess(ctx, c); err != nil {
			return err
		}
	}
	r.children = nil
	return r.save()
}

// endProcess ends a process that is not our child (so it cannot be waited
// for): orderly first, then by force.
func endProcess(ctx context.Context, c child) error {
	_ = syscall.Kill(c.PID, c.StopSignal)
	if awaitEnd(ctx, c, stopGrace) {
		return nil
	}
	_ = syscall.Kill(c.PID, syscall.SIGKILL)
	if awaitEnd(ctx, c, stopGrace) {
		return nil
	}
	return fmt.Errorf("devstack: %s (pid %d) of an earlier run does not end; end it by hand", c.Name, c.PID)
}

func awaitEnd(ctx context.Context, c child, limit time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return poll(ctx, func(context.Context) error {
		if isRunning(c.PID, c.Started) {
			return errors.New("still running")
		}
		return nil
	}) == nil
}

// pollEvery is short: it is on the path of every start.
const pollEvery = 25 * time.Millisecond

// poll calls try until it succeeds; when ctx ends it returns try's last error.
func poll(ctx context.Context, try func(context.Context) error) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		err := try(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-tick.C:
		}
	}
}
