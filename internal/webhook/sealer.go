package webhook

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// KeyBytes is the length of the key of a Sealer.
const KeyBytes = 32

// sealedVersion is the first byte of what Seal returns.
const sealedVersion = 1

// ErrSealed is returned for bytes that were sealed with another key, for
// another row, or that were changed since.
var ErrSealed = errors.New("the sealed value cannot be opened: it was sealed with another ENCRYPTION_KEY, for another row, or was changed")

// Purpose keeps a sealed value of one kind from passing for another kind.
type Purpose string

// What is sealed.
const (
	PurposeSecret  Purpose = "secret"
	PurposeHeaders Purpose = "headers"
)

// Sealer encrypts what only the sender may read, bound to the row it is stored
// in: a value copied to another endpoint or tenant does not open.
type Sealer struct{ aead cipher.AEAD }

// NewSealer takes the 32 bytes of ENCRYPTION_KEY.
func NewSealer(key []byte) (*Sealer, error) {
	if len(key) != KeyBytes {
		return nil, fmt.Errorf("the encryption key has %d bytes instead of %d", len(key), KeyBytes)
	}
	derived, err := hkdf.Key(sha256.New, key, nil, "rustassistant webhooks v1", KeyBytes)
	if err != nil {
		return nil, fmt.Errorf("derive the webhooks' key: %w", err)
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		return nil, fmt.Errorf("prepare AES: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("prepare GCM: %w", err)
	}
	return &Sealer{aead: aead}, nil
}

// GenerateKey returns a random key for NewSealer.
func GenerateKey() []byte {
	key := make([]byte, KeyBytes)
	_, _ = rand.Read(key) // never fails
	return key
}

// Seal encrypts a value of an endpoint.
func (s *Sealer) Seal(purpose Purpose, tenant, endpoint uuid.UUID, value []byte) []byte {
	sealed := s.aead.Seal(nil, nil, value, additional(purpose, tenant, endpoint)) //nolint:gosec // this AEAD makes its own nonce and wants none
	return append([]byte{sealedVersion}, sealed...)
}

// Open returns what was sealed, or ErrSealed.
func (s *Sealer) Open(purpose Purpose, tenant, endpoint uuid.UUID, sealed []byte) ([]byte, error) {
	if len(sealed) == 0 || sealed[0] != sealedVersion {
		return nil, ErrSealed
	}
	value, err := s.aead.Open(nil, nil, sealed[1:], additional(purpose, tenant, endpoint))
	if err != nil {
		return nil, ErrSealed
	}
	return value, nil
}

// additional is unambiguous: the ids have a fixed length.
func additional(purpose Purpose, tenant, endpoint uuid.UUID) []byte {
	out := append(make([]byte, 0, 48), tenant[:]...)
	out = append(out, endpoint[:]...)
	return append(out, purpose...)
}
