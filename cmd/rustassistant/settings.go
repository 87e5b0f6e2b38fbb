package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/rustassistant/rustassistant/internal/apiclient"
)

// maxSettingsBytes is more than any server takes.
const maxSettingsBytes = 16 << 20

func newSettingsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "settings",
		Short: "Look at and change a tenant's search settings: language, synonyms, stop words, ranking, hybrid",
		Example: `  rustassistant settings get > settings.json
  rustassistant settings set settings.json`,
	}
	cmd.AddCommand(newSettingsGetCommand(), newSettingsSetCommand())
	return cmd
}

func newSettingsGetCommand() *cobra.Command {
	var c connection
	cmd := &cobra.Command{
		Use:   "get",
		Short: "Print the settings as JSON",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := c.open(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			found, err := client.SearchSettings(cmd.Context())
			if err != nil {
				return err
			}
			var indented bytes.Buffer
			if err := json.Indent(&indented, found.Raw, "", "  "); err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), indented.String())
			return err
		},
	}
	c.addFlags(cmd)
	c.addTenantFlag(cmd)
	return cmd
}

func newSettingsSetCommand() *cobra.Command {
	var c connection
	cmd := &cobra.Command{
		Use:   "set FILE",
		Short: "Replace the settings by those of a JSON file, - for standard input",
		Long: `FILE has what "settings get" prints; what is left out goes back to its default. The version in it says which settings
were changed: when somebody else was faster, nothing is changed. A file without a version replaces whatever there is.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			settings, version, err := readSettings(cmd.InOrStdin(), args[0])
			if err != nil {
				return err
			}
			client, err := c.open(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			changed, err := client.PutSearchSettings(cmd.Context(), settings)
			if apiclient.IsConflict(err) && version != nil {
				return fmt.Errorf("nothing was changed: the settings are not those of version %d any more, which %s was made from; "+
					"get them again and repeat your change in them: %w", *version, args[0], err)
			}
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "the settings are at version %d, in force within a second\n", changed.Version)
			return err
		},
	}
	c.addFlags(cmd)
	c.addTenantFlag(cmd)
	return cmd
}

// readSettings reads a JSON object, with its version if it has one.
func readSettings(stdin io.Reader, path string) (settings json.RawMessage, version *int64, err error) {
	in := stdin
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, nil, err
		}
		defer file.Close()
		in = file
	}
	raw, err := io.ReadAll(io.LimitReader(in, maxSettingsBytes+1))
	if err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", path, err)
	}
	if len(raw) > maxSettingsBytes {
		return nil, nil, fmt.Errorf("%s is larger than %d MB", path, maxSettingsBytes>>20)
	}
	var object struct {
		Version *int64 `json:"version"`
	}
	err = json.Unmarshal(raw, &object)
	if err == nil && bytes.Equal(bytes.TrimSpace(raw), []byte("null")) {
		err = errors.New("it is null")
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s does not hold settings as a JSON object: %w", path, err)
	}
	return raw, object.Version, nil
}
