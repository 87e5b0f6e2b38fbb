package config

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNetworks(t *testing.T) {
	t.Parallel()
	cfg, err := LoadFrom(RoleWorker, with(guide, "WEBHOOK_ALLOWED_NETWORKS", "10.20.3.4/16, fd00::/8 ,192.168.1.5"))
	require.NoError(t, err)
	require.Equal(t, "10.20.0.0/16,fd00::/8,192.168.1.5/32", cfg.WebhookAllowedNetworks.String())
	require.Equal(t, []string{`WEBHOOK_ALLOWED_NETWORKS: "10.20.0.0/99" is not a network`},
		violations(t, RoleServer, with(guide, "WEBHOOK_ALLOWED_NETWORKS", "10.20.0.0/99")))
	none, err := LoadFrom(RoleServer, guide)
	require.NoError(t, err)
	require.Empty(t, none.WebhookAllowedNetworks)
}
