package main

import (
	"github.com/spf13/cobra"

	"github.com/rustassistant/rustassistant/api"
)

func newOpenAPICommand() *cobra.Command {
	return &cobra.Command{
		Use:   "openapi",
		Short: "Print the OpenAPI 3.1 document of this version",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			version, _ := buildVersion()
			document, err := api.OpenAPI(version)
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(append(document, '\n'))
			return err
		},
	}
}
