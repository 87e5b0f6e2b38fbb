package analytics

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"hash"
	"strings"
	"sync"

	"github.com/google/uuid"
)

const (
	// hashPrefix tells a hash from a user_id as it was sent, and names the way it
	// was made.
	hashPrefix = "h1:"
	hashLength = len(hashPrefix) + 43 // base64 of 32 bytes
)

// UserHasher replaces users by keyed hashes. A nil one leaves them as they are. It
// is safe for concurrent use.
type UserHasher struct{ macs sync.Pool }

// NewUserHasher takes the 32 bytes of ENCRYPTION_KEY, from which the key of the
// hashes is derived.
func NewUserHasher(key []byte) (*UserHasher, error) {
	if len(key) != sha256.Size {
		return nil, fmt.Errorf("the encryption key has %d bytes instead of %d", len(key), sha256.Size)
	}
	derived, err := hkdf.Key(sha256.New, key, nil, "rustassistant user ids v1", sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive the key of user ids: %w", err)
	}
	return &UserHasher{macs: sync.Pool{New: func() any { return hmac.New(sha256.New, derived) }}}, nil
}

// Hash is the HMAC-SHA-256 of a tenant and its user_id, as text: users of the same
// name of two tenants differ. No user stays none, and a hash is left as it is, so
// that what is read in an export can be asked for.
func (h *UserHasher) Hash(tenant uuid.UUID, user string) string {
	if h == nil || user == "" || isHash(user) {
		return user
	}
	mac, _ := h.macs.Get().(hash.Hash)
	defer h.macs.Put(mac)
	mac.Reset()
	_, _ = mac.Write(tenant[:])
	_, _ = mac.Write([]byte(user))
	var sum [sha256.Size]byte
	return hashPrefix + base64.RawURLEncoding.EncodeToString(mac.Sum(sum[:0]))
}

func isHash(user string) bool {
	if len(user) != hashLength || !strings.HasPrefix(user, hashPrefix) {
		return false
	}
	_, err := base64.RawURLEncoding.Strict().DecodeString(user[len(hashPrefix):])
	return err == nil
}
