package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"hash/crc32"
	"log/slog"
	"math/big"
	"strings"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// The parts of a key: ra_live_<43 base62>_<6 base62>. The lengths are fixed, so
// that a truncated or doubled paste is refused before anything else is looked at.
const (
	keyPrefix   = "ra_live_"
	secretBytes = 32
	secretChars = 43 // ceil(256 bits / log2(62))
	sumChars    = 6  // 62^6 > 2^32
	bodyChars   = len(keyPrefix) + secretChars
	keyChars    = bodyChars + 1 + sumChars
	shownChars  = len(keyPrefix) + 4
	base62      = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	redactedKey = keyPrefix + "[redacted]"
)

// ErrMalformed is the answer to any text that is not a key. It is one constant
// error: what exactly is wrong with a guess is nobody's business.
var ErrMalformed = &domain.Error{
	Code:    domain.CodeUnauthenticated,
	Message: "the API key is malformed: expected ra_live_<secret>_<checksum>",
}

// Hash is the SHA-256 of a key or session token: what the store keeps and finds it by.
type Hash [sha256.Size]byte

// Key is a well-formed API key. It prints redacted; Reveal gives the text.
type Key struct{ text string }

// Generate returns a new key of 256 random bits. It cannot fail: crypto/rand
// ends the process when the system has no randomness.
func Generate() Key {
	body := keyPrefix + randomBase62()
	sum := checksum(body)
	return Key{text: body + "_" + string(sum[:])}
}

// Parse checks the form and the checksum of a key, without I/O and without
// allocation. It returns ErrMalformed for anything that Generate cannot have made.
func Parse(text string) (Key, error) {
	if len(text) != keyChars || text[:len(keyPrefix)] != keyPrefix || text[bodyChars] != '_' {
		return Key{}, ErrMalformed
	}
	for i := len(keyPrefix); i < bodyChars; i++ {
		if !isBase62(text[i]) {
			return Key{}, ErrMalformed
		}
	}
	sum := checksum(text[:bodyChars])
	if text[bodyChars+1:] != string(sum[:]) {
		return Key{}, ErrMalformed
	}
	return Key{text: text}, nil
}

// Hash returns the SHA-256 of the key's text.
func (k Key) Hash() Hash {
	var buf [keyChars]byte // on the stack: a conversion of the string would allocate
	return sha256.Sum256(buf[:copy(buf[:], k.text)])
}

// Prefix returns the first characters of the key ("ra_live_" and four more), to
// recognise it by in lists.
func (k Key) Prefix() string { return k.text[:min(shownChars, len(k.text))] }

// LastFour returns the last four characters of the key. They are of the
// checksum, so showing them gives away nothing that the prefix does not.
func (k Key) LastFour() string { return k.text[max(0, len(k.text)-4):] }

// Reveal returns the key itself, to be shown once to its owner.
func (k Key) Reveal() string { return k.text }

// String returns a redacted form, so that a key in a format string does not leak.
func (k Key) String() string { return redactedKey }

// GoString is String, for %#v.
func (k Key) GoString() string { return redactedKey }

// LogValue is String, for slog.
func (k Key) LogValue() slog.Value { return slog.StringValue(redactedKey) }

// MarshalText is String, for JSON; Reveal is the only way to the text.
func (k Key) MarshalText() ([]byte, error) { return []byte(redactedKey), nil }

// randomBase62 returns 256 random bits as 43 characters.
func randomBase62() string {
	var raw [secretBytes]byte
	_, _ = rand.Read(raw[:]) // documented never to fail
	digits := new(big.Int).SetBytes(raw[:]).Text(62)
	return strings.Repeat("0", secretChars-len(digits)) + digits
}

// checksum returns the CRC-32 (IEEE) of body in base62, left-padded.
func checksum(body string) [sumChars]byte {
	var buf [bodyChars]byte
	n := crc32.ChecksumIEEE(buf[:copy(buf[:], body)])
	var sum [sumChars]byte
	for i := sumChars - 1; i >= 0; i-- {
		sum[i] = base62[n%62]
		n /= 62
	}
	return sum
}

func isBase62(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
