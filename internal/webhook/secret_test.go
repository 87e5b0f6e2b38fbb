package webhook

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"
)

// official verifies a request with the library that receivers use.
func official(t *testing.T, secret string) *standardwebhooks.Webhook {
	t.Helper()
	if strings.HasPrefix(secret, secretPrefix) {
		wh, err := standardwebhooks.NewWebhook(secret)
		require.NoError(t, err)
		return wh
	}
	wh, err := standardwebhooks.NewWebhookRaw([]byte(secret))
	require.NoError(t, err)
	return wh
}

func signedHeader(secrets []string, id string, at time.Time, body []byte) http.Header {
	return http.Header{
		"Webhook-Id": {id}, "Webhook-Timestamp": {strconv.FormatInt(at.Unix(), 10)}, "Webhook-Signature": {Sign(secrets, id, at, body)},
	}
}

func TestTheOfficialLibraryVerifiesOurSignatures(t *testing.T) {
	t.Parallel()
	body := []byte(`{"type":"document.indexed"}`)
	for _, secret := range []string{GenerateSecret(), "webhook_secret", "with ünicode and spaces"} {
		require.Empty(t, CheckSecret(secret))
		header := signedHeader([]string{secret}, uuid.NewString(), time.Now(), body)
		require.NoError(t, official(t, secret).Verify(body, header))
		require.Error(t, official(t, secret).Verify([]byte(`{"type":"document.deleted"}`), header))
		require.Error(t, official(t, GenerateSecret()).Verify(body, header))
	}
}

func TestDuringARotationEitherSecretVerifies(t *testing.T) {
	t.Parallel()
	body, fresh, old := []byte(`{}`), GenerateSecret(), "webhook_secret"
	header := signedHeader([]string{fresh, old}, "id", time.Now(), body)
	require.NoError(t, official(t, fresh).Verify(body, header))
	require.NoError(t, official(t, old).Verify(body, header))
	require.Error(t, official(t, "another secret").Verify(body, header))
}

func TestBadSecretsAreRefused(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{
		"", "x", "eleven char", "whsec_", "whsec_not*base64", "whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 23)),
		"whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 65)), strings.Repeat("s", 257), "nul\x00nul\x00nul\x00", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
	} {
		require.NotEmpty(t, CheckSecret(bad), "%q", bad)
	}
}

func TestWhatIsSealedOpensInItsRowOnly(t *testing.T) {
	t.Parallel()
	sealer, err := NewSealer(GenerateKey())
	require.NoError(t, err)
	tenant, endpoint := uuid.New(), uuid.New()
	sealed := sealer.Seal(PurposeSecret, tenant, endpoint, []byte("webhook_secret"))
	require.NotContains(t, string(sealed), "webhook_secret")
	opened, err := sealer.Open(PurposeSecret, tenant, endpoint, sealed)
	require.NoError(t, err)
	require.Equal(t, "webhook_secret", string(opened))

	require.NotEqual(t, sealed, sealer.Seal(PurposeSecret, tenant, endpoint, []byte("webhook_secret")), "a new nonce each time")
	for name, open := range map[string]func() ([]byte, error){
		"other endpoint": func() ([]byte, error) { return sealer.Open(PurposeSecret, tenant, uuid.New(), sealed) },
		"other tenant":   func() ([]byte, error) { return sealer.Open(PurposeSecret, uuid.New(), endpoint, sealed) },
		"swapped ids":    func() ([]byte, error) { return sealer.Open(PurposeSecret, endpoint, tenant, sealed) },
		"other purpose":  func() ([]byte, error) { return sealer.Open(PurposeHeaders, tenant, endpoint, sealed) },
		"empty":          func() ([]byte, error) { return sealer.Open(PurposeSecret, tenant, endpoint, nil) },
		"cut":            func() ([]byte, error) { return sealer.Open(PurposeSecret, tenant, endpoint, sealed[:10]) },
		"changed": func() ([]byte, error) {
			other := append([]byte(nil), sealed...)
			other[len(other)-1] ^= 1
			return sealer.Open(PurposeSecret, tenant, endpoint, other)
		},
		"other key": func() ([]byte, error) {
			other, err := NewSealer(GenerateKey())
			require.NoError(t, err)
			return other.Open(PurposeSecret, tenant, endpoint, sealed)
		},
	} {
		_, err := open()
		require.ErrorIs(t, err, ErrSealed, name)
	}
	_, err = NewSealer([]byte("too short"))
	require.Error(t, err)
}
