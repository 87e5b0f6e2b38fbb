package main

import (
	"fmt"
	"os"
	"strconv"

	"github.com/rustassistant/rustassistant/internal/devstack"
)

// devPorts are the default ports, moved by the DEV_*_PORT variables.
func devPorts() (devstack.Ports, error) {
	ports := devstack.DefaultPorts()
	for name, port := range map[string]*int{
		devstack.EnvPostgresPort:   &ports.Postgres,
		devstack.EnvRedisPort:      &ports.Redis,
		devstack.EnvTemporalPort:   &ports.Temporal,
		devstack.EnvTemporalUIPort: &ports.TemporalUI,
	} {
		text := os.Getenv(name)
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > 65535 {
			return ports, fmt.Errorf("%s is %q: use a port number, or 0 for any free port", name, text)
		}
		*port = n
	}
	return ports, nil
}
