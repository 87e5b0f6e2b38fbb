package loadgen

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// Process is one to watch.
type Process struct {
	Name string
	PID  int
}

// ParseProcess reads "name=pid" or "pid".
func ParseProcess(s string) (Process, error) {
	name, pid, found := strings.Cut(s, "=")
	if !found {
		name, pid = "pid "+s, s
	}
	n, err := strconv.Atoi(pid)
	if err != nil || n <= 0 {
		return Process{}, fmt.Errorf("%q is not name=pid", s)
	}
	return Process{name, n}, nil
}

// Memory is the resident memory of a process, in bytes. Peak is the highest of samples taken twice a second.
type Memory struct {
	Process
	Peak, Last int64
}

const sampleEvery = 500 * time.Millisecond

// watchMemory samples until the returned function is called, which gives what was seen.
func watchMemory(ctx context.Context, processes []Process) func() []Memory {
	seen := make([]Memory, len(processes))
	for i, p := range processes {
		seen[i].Process = p
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(sampleEvery)
		defer tick.Stop()
		for {
			for i := range seen {
				if rss, err := residentBytes(seen[i].PID); err == nil {
					seen[i].Last, seen[i].Peak = rss, max(seen[i].Peak, rss)
				}
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() []Memory {
		cancel()
		<-done
		return seen
	}
}

// residentBytes reads VmRSS from /proc.
func residentBytes(pid int) (int64, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	lines := bufio.NewScanner(bytes.NewReader(raw))
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) == 3 && fields[0] == "VmRSS:" {
			kib, err := strconv.ParseInt(fields[1], 10, 64)
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("/proc/%d/status has no VmRSS", pid)
}
