package webhook

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryOutcomeIsOfAKnownKind(t *testing.T) {
	t.Parallel()
	for _, code := range []string{
		CodeStatus, CodeRedirect, CodeTimeout, CodeDNS, CodeRefused, CodeReset, CodeUnreachable, CodeTLS, CodeAddress, CodeInvalidURL,
		CodeBadResponse, CodeInterrupted, CodeLocal,
	} {
		require.Contains(t, kindOf, code)
		require.Contains(t, Kinds, (&Outcome{Code: code}).Kind())
		require.Equal(t, "own_fault", (&Outcome{Code: code, OwnFault: true}).Kind())
	}
	require.Equal(t, "delivered", (&Outcome{Status: 204}).Kind())
	require.Equal(t, "refused_address", (&Outcome{Code: CodeAddress}).Kind())
	require.Contains(t, Kinds, (&Outcome{Code: "a code of tomorrow"}).Kind())
}
