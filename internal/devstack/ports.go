package devstack

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"syscall"
)

// Environment variables that move the public ports of `rustassistant dev`.
const (
	EnvTemporalPort   = "DEV_TEMPORAL_PORT"
	EnvTemporalUIPort = "DEV_TEMPORAL_UI_PORT"
	EnvPostgresPort   = "DEV_POSTGRES_PORT"
	EnvRedisPort      = "DEV_REDIS_PORT"
)

const loopback = "127.0.0.1"

// Ports to listen on; 0 means any free port. Temporal and TemporalUI are
// public (people and workers know them by number), so they are taken exactly
// or Start fails. Postgres and Redis are private: the next free port will do.
type Ports struct {
	Postgres   int
	Redis      int
	Temporal   int
	TemporalUI int
}

// DefaultPorts are the ports of `rustassistant dev`. PostgreSQL and Redis stay
// off their well-known ports, which a server of the machine may use.
func DefaultPorts() Ports {
	return Ports{Postgres: 5433, Redis: 6380, Temporal: 7233, TemporalUI: 8233}
}

// public lists the ports that must be free as asked.
func (p Ports) public() []PortUse {
	return []PortUse{
		{Port: p.Temporal, What: "Temporal (gRPC)", Variable: EnvTemporalPort},
		{Port: p.TemporalUI, What: "the Temporal UI", Variable: EnvTemporalUIPort},
	}
}

// PortUse is one port somebody wants to listen on.
type PortUse struct {
	Host     string // "" means 127.0.0.1
	Port     int    // 0 is always fine
	What     string // for the message, such as "the API"
	Variable string // environment variable that moves it
}

// PortError says that a port cannot be used, by whom, and what to do.
type PortError struct {
	PortUse
	Holder string // "name (pid 123)", "" when not visible to this user
	Err    error
}

func (e *PortError) Error() string {
	if errors.Is(e.Err, syscall.EADDRINUSE) {
		holder := e.Holder
		if holder == "" {
			holder = "another program"
		}
		return fmt.Sprintf("port %d for %s is taken by %s: stop it, or set %s to a free port", e.Port, e.What, holder, e.Variable)
	}
	return fmt.Sprintf("port %d for %s cannot be used (%v): set %s to another port", e.Port, e.What, e.Err, e.Variable)
}

func (e *PortError) Unwrap() error { return e.Err }

// CheckPorts tries every port and reports all that cannot be used at once, as
// joined *PortError values.
func CheckPorts(uses ...PortUse) error {
	var problems []error
	for _, use := range uses {
		if use.Port == 0 {
			continue
		}
		if err := tryListen(use.Host, use.Port); err != nil {
			problems = append(problems, &PortError{PortUse: use, Holder: portHolder(use.Port), Err: err})
		}
	}
	return errors.Join(problems...)
}

func tryListen(host string, port int) error {
	if host == "" {
		host = loopback
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return err
	}
	return l.Close()
}

// portPicker hands out free ports, never the same one twice: services of one
// stack choose before any of them listens.
type portPicker struct {
	mu    sync.Mutex
	given map[int]bool
}

func newPortPicker() *portPicker { return &portPicker{given: map[int]bool{}} }

// portsTried bounds the walk upwards from a preferred port.
const portsTried = 100

// pick returns preferred or the next free port above it; any free one for 0.
func (p *portPicker) pick(preferred int) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if preferred == 0 {
		return p.pickAny()
	}
	for port := preferred; port < preferred+portsTried && port <= 65535; port++ {
		if !p.given[port] && tryListen(loopback, port) == nil {
			p.given[port] = true
			return port, nil
		}
	}
	return 0, fmt.Errorf("devstack: no free port from %d on", preferred)
}

func (p *portPicker) pickAny() (int, error) {
	for range portsTried {
		l, err := net.Listen("tcp", net.JoinHostPort(loopback, "0"))
		if err != nil {
			return 0, fmt.Errorf("devstack: no free port: %w", err)
		}
		port := l.Addr().(*net.TCPAddr).Port
		if err := l.Close(); err != nil {
			return 0, fmt.Errorf("devstack: %w", err)
		}
		if !p.given[port] {
			p.given[port] = true
			return port, nil
		}
	}
	return 0, errors.New("devstack: no free port")
}
