package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/config"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
)

func newKeyCommand() *cobra.Command {
	key := &cobra.Command{Use: "key", Short: "Create, list and revoke API keys in the database of DATABASE_URL"}
	key.AddCommand(newKeyGenerateCommand(), newKeyCreateCommand(), newKeyListCommand(), newKeyRevokeCommand())
	return key
}

func newKeyGenerateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "generate",
		Short: "Print a new key without storing it, for ADMIN_API_KEY",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), auth.Generate().Reveal())
			return err
		},
	}
}

func newKeyCreateCommand() *cobra.Command {
	var name, description, tenant string
	var scopes []string
	var expires time.Duration
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Create a key and print it, this once",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			set, err := auth.ParseScopes(scopes)
			if err != nil {
				return err
			}
			k := store.NewAPIKey{Name: name, Description: description, Key: auth.Generate(), Scopes: set}
			if expires > 0 {
				at := time.Now().Add(expires).UTC()
				k.ExpiresAt = &at
			}
			return withTenant(cmd, tenant, func(s *store.Store, t domain.Tenant) error {
				created, err := s.CreateAPIKey(cmd.Context(), t.ID, k)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "id      %s\ntenant  %s\nscopes  %v\nkey     %s\n\nThe key is shown this once.\n",
					created.ID, t.Slug, created.Scopes, k.Key.Reveal())
				return err
			})
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "what the key is for (required)")
	cmd.Flags().StringVar(&description, "description", "", "more about it")
	cmd.Flags().StringVar(&tenant, "tenant", domain.DefaultTenantSlug, "slug of the tenant")
	cmd.Flags().StringSliceVar(&scopes, "scope", []string{"search", "documents:read", "documents:write"}, "scopes: search, documents:read, documents:write, analytics:read, webhooks, admin, platform")
	cmd.Flags().DurationVar(&expires, "expires-in", 0, "lifetime such as 720h; without it the key does not expire")
	if err := cmd.MarkFlagRequired("name"); err != nil {
		panic(err)
	}
	return cmd
}

func newKeyListCommand() *cobra.Command {
	var tenant string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List a tenant's keys",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withTenant(cmd, tenant, func(s *store.Store, t domain.Tenant) error {
				w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
				fmt.Fprintln(w, "ID\tNAME\tKEY\tSCOPES\tCREATED\tSTATE")
				var before uuid.UUID
				for {
					keys, err := s.APIKeys(cmd.Context(), t.ID, before, 100)
					if err != nil {
						return err
					}
					if len(keys) == 0 {
						return w.Flush()
					}
					for _, k := range keys {
						fmt.Fprintf(w, "%s\t%s\t%s…%s\t%v\t%s\t%s\n", k.ID, k.Name, k.Prefix, k.LastFour, k.Scopes, k.CreatedAt.Format(time.RFC3339), keyState(k))
					}
					before = keys[len(keys)-1].ID
				}
			})
		},
	}
	cmd.Flags().StringVar(&tenant, "tenant", domain.DefaultTenantSlug, "slug of the tenant")
	return cmd
}

func keyState(k domain.APIKey) string {
	switch {
	case k.RevokedAt != nil:
		return "revoked"
	case k.ExpiresAt != nil && k.ExpiresAt.Before(time.Now()):
		return "expired"
	default:
		return "active"
	}
}

func newKeyRevokeCommand() *cobra.Command {
	var tenant string
	cmd := &cobra.Command{
		Use:   "revoke ID",
		Short: "End a key; every server refuses it within 5 s",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := uuid.Parse(args[0])
			if err != nil {
				return domain.Errorf(domain.CodeInvalid, "%q is not the id of a key: see rustassistant key list", args[0])
			}
			return withTenant(cmd, tenant, func(s *store.Store, t domain.Tenant) error {
				if err := s.RevokeAPIKey(cmd.Context(), t.ID, id); err != nil {
					return err
				}
				_, err := fmt.Fprintln(cmd.OutOrStdout(), "revoked", id)
				return err
			})
		},
	}
	cmd.Flags().StringVar(&tenant, "tenant", domain.DefaultTenantSlug, "slug of the tenant")
	return cmd
}

// withTenant opens the database and runs fn for the tenant of that slug.
func withTenant(cmd *cobra.Command, slug string, fn func(*store.Store, domain.Tenant) error) error {
	cfg, err := config.Load(config.RoleMigrate)
	if err != nil {
		return err
	}
	s, err := store.Open(cmd.Context(), store.Options{URL: cfg.DatabaseURL.Reveal(), PoolSize: 2})
	if err != nil {
		return err
	}
	defer s.Close()
	t, err := s.TenantBySlug(cmd.Context(), slug)
	if err != nil {
		return err
	}
	return fn(s, t)
}
