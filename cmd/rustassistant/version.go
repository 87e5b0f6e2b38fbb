package main

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set by the release build: -ldflags "-X main.version=v1.2.3".
var version = ""

// buildVersion is the release's version, or what the Go toolchain recorded.
func buildVersion() (name, commit string) {
	name, commit = version, "unknown"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return orDev(name), commit
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			commit = s.Value
		}
	}
	if name == "" && info.Main.Version != "(devel)" {
		name = info.Main.Version
	}
	return orDev(name), commit
}

func orDev(name string) string {
	if name == "" {
		return "dev"
	}
	return name
}

func newVersionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			name, commit := buildVersion()
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "rustassistant %s (%s)\n", name, commit)
			return err
		},
	}
}
