package devstack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// stopGrace is how long a server gets for an orderly end.
const stopGrace = 10 * time.Second

// command describes a child process.
type command struct {
	path string
	args []string
	// user runs it as somebody else; nil means as this process.
	user *runAs
	// stopSignal asks for an orderly end, and is what the child gets when this
	// process dies.
	stopSignal syscall.Signal
	logFile    string
}

// process is a started child.
type process struct {
	pid     int
	command command
	logFrom int64 // where its output begins in the log file
	exited  chan struct{}
	err     error // valid once exited is closed
}

// childEnv keeps variables such as PGPORT or TEMPORAL_ADDRESS of the user's
// shell from changing what the servers do.
func childEnv() []string {
	env := []string{"LC_ALL=C.UTF-8", "TZ=UTC"}
	for _, name := range []string{"PATH", "HOME", "TMPDIR"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// spawn starts the child in its own process group (a Ctrl-C in the terminal
// reaches only us, and we stop things in order) with its output in a log file.
func spawn(c command) (*process, error) {
	log, err := openLog(c.logFile)
	if err != nil {
		return nil, err
	}
	defer log.Close() // the child has its own copy
	from, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, fmt.Errorf("devstack: %w", err)
	}
	cmd := exec.Command(c.path, c.args...)
	cmd.Env = childEnv()
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if c.user != nil {
		cmd.SysProcAttr.Credential = c.user.credential
		cmd.Dir = "/"
	}
	platformAttr(cmd.SysProcAttr, c.stopSignal, c.user != nil && c.user.passFolders)

	p := &process{command: c, logFrom: from, exited: make(chan struct{})}
	started := make(chan error, 1)
	go p.run(cmd, started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("devstack: start %s: %w", c.path, err)
	}
	return p, nil
}

// run holds one OS thread for as long as the child lives: the kernel sends the
// parent-death signal when the *thread* that forked ends, not the process.
func (p *process) run(cmd *exec.Cmd, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		started <- err
		return
	}
	p.pid = cmd.Process.Pid
	started <- nil
	p.err = cmd.Wait()
	close(p.exited)
}

// wait returns how the process ended, or ctx's error.
func (p *process) wait(ctx context.Context) error {
	select {
	case <-p.exited:
		return p.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// stop asks for an orderly end, and after the grace or the end of ctx kills
// the process group. It returns when the process is gone.
func (p *process) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, stopGrace)
	defer cancel()
	_ = syscall.Kill(p.pid, p.command.stopSignal) // ESRCH: it has already ended
	select {
	case <-p.exited:
		return nil
	case <-ctx.Done():
	}
	_ = syscall.Kill(-p.pid, syscall.SIGKILL)
	<-p.exited
	return fmt.Errorf("devstack: %s did not stop in time and was killed", p.command.path)
}

// output is the tail of what the process wrote, for error messages.
func (p *process) output() string {
	const lines, limit = 15, 64 << 10
	file, err := os.Open(p.command.logFile)
	if err != nil {
		return ""
	}
	defer file.Close()
	end, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return ""
	}
	from := max(p.logFrom, end-limit)
	raw, err := io.ReadAll(io.NewSectionReader(file, from, end-from))
	if err != nil {
		return ""
	}
	all := strings.Split(strings.TrimSpace(string(raw)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// openLog appends, after setting a log that has grown large aside: logs keep
// one predecessor and never fill the disk over many starts.
func openLog(name string) (*os.File, error) {
	const large = 10 << 20
	if info, err := os.Stat(name); err == nil && info.Size() > large {
		if err := os.Rename(name, name+".1"); err != nil {
			return nil, fmt.Errorf("devstack: %w", err)
		}
	}
	file, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("devstack: %w", err)
	}
	return file, nil
}

// errEnded is the cause when a server ends before it answered.
var errEnded = errors.New("ended before it was ready")
