package main

import (
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/rustassistant/rustassistant/internal/apiclient"
	"github.com/rustassistant/rustassistant/internal/domain"
)

func newTenantCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "tenant",
		Short: "List, make, suspend, resume, export and delete tenants; needs a key of platform scope",
	}
	cmd.AddCommand(
		newTenantListCommand(), newTenantShowCommand(), newTenantCreateCommand(), newTenantSteerCommand("suspend", "Refuse a tenant's keys and pause what runs for it"),
		newTenantSteerCommand("resume", "Take up a suspended tenant again"), newTenantExportCommand(), newTenantOffboardCommand(),
		newTenantCertificateCommand(), newTenantUsageCommand(),
	)
	return cmd
}

// tenantCommand is a command about tenants. It has no --tenant: its argument says which.
type tenantCommand struct{ webhookCommand }

func (c *tenantCommand) flags(cmd *cobra.Command) *cobra.Command {
	c.addFlags(cmd)
	cmd.Flags().BoolVar(&c.asJSON, "json", false, "print JSON")
	return cmd
}

func newTenantListCommand() *cobra.Command {
	var c tenantCommand
	var state, tier, text string
	cmd := c.flags(&cobra.Command{
		Use: "list", Short: "List tenants by slug", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := c.open(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			all := []apiclient.Tenant{}
			err = client.Tenants(cmd.Context(), state, tier, text, func(t apiclient.Tenant) error { all = append(all, t); return nil })
			if err != nil {
				return err
			}
			return c.print(cmd, all, func(out io.Writer) {
				fmt.Fprintln(out, "SLUG\tSTATE\tTIER\tCREATED\tNAME")
				for _, t := range all {
					fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\n", t.Slug, t.State, t.Tier, t.CreatedAt.Local().Format(time.DateTime), printable(t.Name))
				}
			})
		},
	})
	cmd.Flags().StringVar(&state, "state", "", "provisioning, active, suspended or offboarding (default all)")
	cmd.Flags().StringVar(&tier, "tier", "", "free, standard, enterprise or unlimited (default all)")
	cmd.Flags().StringVarP(&text, "query", "q", "", "part of the slug or the name")
	return cmd
}

func newTenantShowCommand() *cobra.Command {
	var c tenantCommand
	return c.flags(&cobra.Command{
		Use: "show SLUG", Short: "Show a tenant and what was done with it lately", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := c.open(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			t, err := client.DescribeTenant(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return c.print(cmd, t, func(out io.Writer) { printTenant(out, t) })
		},
	})
}

func printTenant(out io.Writer, t *apiclient.Tenant) {
	fmt.Fprintf(out, "slug\t%s\nname\t%s\nid\t%s\nstate\t%s\ntier\t%s\ncreated\t%s\n",
		t.Slug, printable(t.Name), t.ID, t.State, t.Tier, t.CreatedAt.Local().Format(time.DateTime))
	if t.Quota != nil {
		for _, name := range domain.QuotaNames {
			if v := t.Quota.Of(name); v != nil {
				fmt.Fprintf(out, "quota %s\t%d\n", name, *v)
			}
		}
	}
	for i := range t.Operations {
		fmt.Fprintf(out, "%s\t%s\n", t.Operations[i].StartedAt.Local().Format(time.DateTime), operationLine(&t.Operations[i]))
	}
}

func newTenantCreateCommand() *cobra.Command {
	var c tenantCommand
	var n apiclient.NewTenant
	var tier string
	cmd := c.flags(&cobra.Command{
		Use: "create SLUG", Short: "Make a tenant; its first key is shown once", Args: cobra.ExactArgs(1),
		Example: "  rustassistant tenant create acme --name 'Acme Inc.' --tier standard --key",
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := c.open(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			n.Slug, n.Tier = args[0], domain.Tier(tier)
			t, err := client.MakeTenant(cmd.Context(), n)
			if err != nil {
				return err
			}
			return c.print(cmd, t, func(out io.Writer) {
				printTenant(out, t)
				if t.APIKey != nil {
					fmt.Fprintf(out, "key\t%s\n", t.APIKey.Key)
				}
			})
		},
	})
	cmd.Flags().StringVar(&n.Name, "name", "", "what people call it (default the slug)")
	cmd.Flags().StringVar(&tier, "tier", "", "free, standard, enterprise or unlimited (default free)")
	cmd.Flags().BoolVar(&n.CreateKey, "key", false, "make a first key of admin scope")
	return cmd
}

func newTenantSteerCommand(verb, short string) *cobra.Command {
	var c tenantCommand
	var wait bool
	cmd := c.flags(&cobra.Command{
		Use: verb + " SLUG", Short: short, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := c.open(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			a, err := client.SteerTenant(cmd.Context(), args[0], verb)
			if err != nil {
				return err
			}
			if wait && a.Operation != nil {
				if a.Operation, err = c.follow(cmd, client, args[0], a.Operation); err != nil {
					return err
				}
			}
			return c.print(cmd, a, func(out io.Writer) { fmt.Fprintf(out, "%s is %s\n", args[0], a.Tenant.State) })
		},
	})
	cmd.Flags().BoolVar(&wait, "wait", false, "wait until its jobs have followed")
	return cmd
}

func newTenantCertificateCommand() *cobra.Command {
	var c tenantCommand
	return c.flags(&cobra.Command{
		Use: "certificate SLUG", Short: "Show what was deleted of an off-boarded tenant", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := c.open(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			certificate, err := client.TenantCertificate(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return c.print(cmd, certificate, func(out io.Writer) { printCertificate(out, certificate) })
		},
	})
}

func newTenantUsageCommand() *cobra.Command {
	var c tenantCommand
	var from, to string
	cmd := c.flags(&cobra.Command{
		Use: "usage SLUG", Short: "Show what a tenant uses, now and by day, as JSON", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := c.open(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			query := url.Values{}
			for name, value := range map[string]string{"from": from, "to": to} {
				if value != "" {
					query.Set(name, value)
				}
			}
			usage, err := client.TenantUsage(cmd.Context(), args[0], query)
			if err != nil {
				return err
			}
			return printJSON(cmd.OutOrStdout(), usage)
		},
	})
	cmd.Flags().StringVar(&from, "from", "", "first day in UTC, such as 2026-01-01")
	cmd.Flags().StringVar(&to, "to", "", "day in UTC after the last one")
	return cmd
}
