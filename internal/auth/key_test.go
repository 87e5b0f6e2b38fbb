package auth

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/domain"
)

var keyForm = regexp.MustCompile(`^ra_live_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}$`)

func TestGeneratedKeysHaveTheirFormAndDiffer(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 5000 {
		text := Generate().Reveal()
		require.Regexp(t, keyForm, text)
		require.False(t, seen[text])
		seen[text] = true
		parsed, err := Parse(text)
		require.NoError(t, err)
		require.Equal(t, text, parsed.Reveal())
	}
}

func TestHashIsTheSHA256OfTheText(t *testing.T) {
	t.Parallel()
	key := Generate()
	require.Equal(t, Hash(sha256.Sum256([]byte(key.Reveal()))), key.Hash())
}

// The form of a key is a promise: keys given out must stay valid.
func TestAKnownKeyStaysValid(t *testing.T) {
	t.Parallel()
	const body = "ra_live_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
	require.Equal(t, uint32(0x6ceaefa4), crc32.ChecksumIEEE([]byte(body)))
	key, err := Parse(body + "_1ZFjAU")
	require.NoError(t, err)
	require.Equal(t, "ra_live_0123", key.Prefix())
	require.Equal(t, "FjAU", key.LastFour())
}

func TestEveryWrongCharacterIsNoticed(t *testing.T) {
	t.Parallel()
	text := Generate().Reveal()
	for i := range len(text) {
		for _, c := range []byte("0aZ_-. \x00\xff") {
			if text[i] == c {
				continue
			}
			wrong := text[:i] + string([]byte{c}) + text[i+1:]
			_, err := Parse(wrong)
			require.Same(t, ErrMalformed, err, wrong)
		}
	}
	for _, wrong := range []string{
		"", "ra_live_", "ra_live__", text[1:], text[:len(text)-1], text + "0", " " + text, text + "\n", text + text,
		strings.ToUpper(text), strings.Replace(text, "live", "test", 1), "your-api-key", strings.Repeat("é", 29), "Bearer " + text,
	} {
		_, err := Parse(wrong)
		require.Same(t, ErrMalformed, err, wrong)
	}
	require.Equal(t, domain.CodeUnauthenticated, domain.CodeOf(ErrMalformed))
}

func TestKeysPrintRedacted(t *testing.T) {
	t.Parallel()
	key := Generate()
	secret := key.Reveal()[len(keyPrefix):]
	var logged strings.Builder
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "key", key, "in", struct{ K Key }{key})
	asJSON, err := json.Marshal(map[string]any{"key": key})
	require.NoError(t, err)
	for _, text := range []string{
		fmt.Sprint(key), fmt.Sprintf("%+v %#v %s %q", key, key, key, key), fmt.Sprintf("%v", []Key{key}), logged.String(), string(asJSON),
	} {
		require.NotContains(t, text, secret)
		require.Contains(t, text, "redacted")
	}
}

func TestSessionTokens(t *testing.T) {
	t.Parallel()
	token, hash := NewSessionToken()
	require.Len(t, token, 43)
	again, ok := HashSessionToken(token)
	require.True(t, ok)
	require.Equal(t, hash, again)
	other, _ := NewSessionToken()
	require.NotEqual(t, token, other)
	for _, wrong := range []string{"", token[1:], token + "x", token[1:] + "!", strings.Repeat("é", 21) + "x"} {
		_, ok := HashSessionToken(wrong)
		require.False(t, ok, wrong)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(Generate().Reveal())
	f.Add("ra_live_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG_1ZFjAU")
	f.Add("")
	f.Add(strings.Repeat("_", keyChars))
	f.Fuzz(func(t *testing.T, text string) {
		key, err := Parse(text)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Fatalf("another error: %v", err)
			}
			return
		}
		sum := checksum(text[:bodyChars])
		if !keyForm.MatchString(text) || text[bodyChars+1:] != string(sum[:]) || key.Reveal() != text {
			t.Fatalf("accepted %q", text)
		}
		if key.Hash() != sha256.Sum256([]byte(text)) || key.Prefix()+key.LastFour() == "" {
			t.Fatal("wrong parts")
		}
	})
}

func BenchmarkParseAndHash(b *testing.B) {
	text := Generate().Reveal()
	b.ReportAllocs()
	for b.Loop() {
		key, err := Parse(text)
		if err != nil {
			b.Fatal(err)
		}
		_ = key.Hash()
	}
}
