package main

import (
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"github.com/rustassistant/rustassistant/internal/apiclient"
	"github.com/rustassistant/rustassistant/internal/domain"
)

// clientEnv is what the commands that use a server read from the environment.
type clientEnv struct {
	Server    string `env:"RUSTASSISTANT_SERVER"`
	APIKey    string `env:"RUSTASSISTANT_API_KEY"`
	StateHome string `env:"XDG_STATE_HOME"`
	NoColor   string `env:"NO_COLOR"`
}

// connection is how a command reaches a server: flags before environment.
type connection struct {
	server, apiKey, tenant string
	env                    clientEnv
}

func (c *connection) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.server, "server", "", "address of the server (RUSTASSISTANT_SERVER; default "+apiclient.DefaultServer+")")
	cmd.Flags().StringVar(&c.apiKey, "api-key", "", "key of the server's API (RUSTASSISTANT_API_KEY); dev needs none from this machine")
}

func (c *connection) addTenantFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.tenant, "tenant", "", "slug of the tenant; only keys of platform scope can choose (default "+domain.DefaultTenantSlug+")")
}

// open makes a client. Waits for a busy server are told on errOut.
func (c *connection) open(errOut io.Writer) (*apiclient.Client, error) {
	if err := env.Parse(&c.env); err != nil {
		return nil, fmt.Errorf("read the environment: %w", err)
	}
	if c.server == "" {
		c.server = c.env.Server
	}
	if c.apiKey == "" {
		c.apiKey = c.env.APIKey
	}
	version, _ := buildVersion()
	return apiclient.New(apiclient.Options{
		BaseURL: c.server, APIKey: c.apiKey, Tenant: c.tenant, UserAgent: "rustassistant-cli/" + version,
		OnRetry: func(err error, wait time.Duration) {
			if wait >= time.Second {
				fmt.Fprintf(errOut, "\n%v; trying again in %s\n", err, wait.Round(time.Second))
			}
		},
	})
}

// remote says whether the server is behind a network, so that compressing pays.
func remote(client *apiclient.Client) bool {
	u, err := url.Parse(client.BaseURL())
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback())
}

// stateDir is where commands keep what they need to go on later.
func (c *connection) stateDir(name string) (string, error) {
	base := c.env.StateHome
	if !filepath.IsAbs(base) {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("find a folder for state: set XDG_STATE_HOME: %w", err)
		}
		base = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(base, "rustassistant", name), nil
}

// isTerminal says whether somebody looks at w.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && (isatty.IsTerminal(f.Fd()) || isatty.IsCygwinTerminal(f.Fd()))
}
