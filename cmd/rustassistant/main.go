package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := newRootCommand().ExecuteContext(ctx)
	stop()
	if err == nil {
		return
	}
	if !errors.Is(err, errReported) {
		fmt.Fprintln(os.Stderr, "Error:", err)
	}
	os.Exit(1)
}

// errReported is returned by a command that has told its user what is wrong.
var errReported = errors.New("reported")

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "rustassistant",
		Short:         "Durable indexing and fast search over your documents",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.AddCommand(
		newDevCommand(), newServerCommand(), newWorkerCommand(), newMigrateCommand(), newKeyCommand(),
		newImportCommand(), newSearchCommand(), newSuggestCommand(), newSettingsCommand(), newEvalCommand(), newBenchCommand(),
		newEmbeddingsCommand(), newIndexCommand(), newWebhooksCommand(), newJobsCommand(), newTenantCommand(), newAnalyticsCommand(), newOpenAPICommand(), newHealthcheckCommand(), newVersionCommand(),
	)
	return root
}
