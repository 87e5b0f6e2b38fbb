package devstack

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// startTime identifies a process together with its pid: the kernel reuses
// pids, but never with the same start time within one boot. The value is
// "<boot id>/<clock ticks since boot>"; an error means the process is gone or
// cannot be identified here (no /proc).
func startTime(pid int) (string, error) {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", err
	}
	fields, err := statFields(pid)
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(string(boot)) + "/" + fields[19], nil
}

// statFields are the fields of /proc/<pid>/stat from the third (state) on. The
// second, the name, may hold spaces and parentheses, hence the LastIndex.
func statFields(pid int) ([]string, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil, err
	}
	stat := string(raw)
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 {
		return nil, fmt.Errorf("devstack: /proc/%d/stat has %d fields", pid, len(fields))
	}
	return fields, nil
}

// isRunning reports whether pid is still the process that started at start. A
// zombie has ended: only its parent's wait is missing.
func isRunning(pid int, start string) bool {
	now, err := startTime(pid)
	if err != nil || now != start {
		return false
	}
	fields, err := statFields(pid)
	return err == nil && fields[0] != "Z" && fields[0] != "X"
}

// portHolder names the process listening on a TCP port, "" when the kernel
// does not show it to this user.
func portHolder(port int) string {
	inodes := map[string]bool{}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		listeningInodes(table, port, inodes)
	}
	if len(inodes) == 0 {
		return ""
	}
	links, _ := filepath.Glob("/proc/[0-9]*/fd/*") // the pattern is constant
	for _, link := range links {
		target, err := os.Readlink(link)
		if err != nil || !strings.HasPrefix(target, "socket:[") {
			continue
		}
		if inodes[strings.TrimSuffix(strings.TrimPrefix(target, "socket:["), "]")] {
			return processName(strings.Split(link, "/")[2])
		}
	}
	return ""
}

func processName(pid string) string {
	comm, err := os.ReadFile("/proc/" + pid + "/comm")
	if err != nil {
		return "process " + pid
	}
	return fmt.Sprintf("%s (pid %s)", strings.TrimSpace(string(comm)), pid)
}

// listeningInodes adds the socket inodes that listen on port to found.
func listeningInodes(table string, port int, found map[string]bool) {
	const stateListen = "0A"
	file, err := os.Open(table)
	if err != nil {
		return
	}
	defer file.Close()
	suffix := fmt.Sprintf(":%04X", port)
	for lines := bufio.NewScanner(file); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) > 9 && strings.HasSuffix(fields[1], suffix) && fields[3] == stateListen {
			if _, err := strconv.Atoi(fields[9]); err == nil {
				found[fields[9]] = true
			}
		}
	}
}
