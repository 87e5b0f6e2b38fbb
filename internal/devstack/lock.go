package devstack

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
)

// InUseError says that another live process runs a stack in the same folder.
type InUseError struct {
	DataDir string
	PID     string // of the holder, "" when it could not be read
}

func (e *InUseError) Error() string {
	holder := "another process"
	if e.PID != "" {
		holder = "process " + e.PID
	}
	return fmt.Sprintf("the data folder %s is in use by %s: stop it first, or choose another data folder", e.DataDir, holder)
}

// dirLock is an exclusive claim on a data folder. The kernel drops an flock
// with its process, so a kill -9 never leaves a folder claimed.
type dirLock struct {
	file *os.File
	once sync.Once
}

func lockDir(dir string) (*dirLock, error) {
	name := filepath.Join(dir, "lock")
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("devstack: %w", err)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		pid, _ := os.ReadFile(name) // only for the message
		return nil, errors.Join(&InUseError{DataDir: dir, PID: strings.TrimSpace(string(pid))}, file.Close())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("devstack: lock %s: %w", name, err), file.Close())
	}
	if err := errors.Join(file.Truncate(0), writePID(file)); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &dirLock{file: file}, nil
}

func writePID(file *os.File) error {
	_, err := fmt.Fprintf(file, "%d\n", os.Getpid())
	return err
}

// release may be called more than once.
func (l *dirLock) release() error {
	var err error
	l.once.Do(func() { err = l.file.Close() })
	return err
}
