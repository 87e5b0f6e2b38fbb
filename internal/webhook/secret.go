package webhook

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Lengths of secrets in bytes; those of whsec_ secrets are the specification's.
const (
	secretPrefix     = "whsec_"
	minPlainSecret   = 12
	maxPlainSecret   = 256
	minEncodedSecret = 24
	maxEncodedSecret = 64
	newSecretBytes   = 32
)

// GenerateSecret returns a new whsec_ secret.
func GenerateSecret() string {
	key := make([]byte, newSecretBytes)
	_, _ = rand.Read(key) // never fails
	return secretPrefix + base64.StdEncoding.EncodeToString(key)
}

// CheckSecret says what is wrong with a secret that a caller gave, in words
// that follow the field's name, or "".
func CheckSecret(secret string) string {
	if encoded, ok := strings.CutPrefix(secret, secretPrefix); ok {
		key, err := base64.StdEncoding.DecodeString(encoded)
		switch {
		case err != nil:
			return "begins with whsec_ but is not base64 after it"
		case len(key) < minEncodedSecret || len(key) > maxEncodedSecret:
			return fmt.Sprintf("must hold %d to %d bytes after whsec_, not %d", minEncodedSecret, maxEncodedSecret, len(key))
		}
		return ""
	}
	switch {
	case len(secret) < minPlainSecret:
		return fmt.Sprintf("must have at least %d characters", minPlainSecret)
	case len(secret) > maxPlainSecret:
		return fmt.Sprintf("must have at most %d characters", maxPlainSecret)
	case !utf8.ValidString(secret) || strings.IndexByte(secret, 0) >= 0:
		return "must be UTF-8 without NUL characters"
	}
	return ""
}

// signingKey is the bytes that a secret stands for: a plain one stands for itself.
func signingKey(secret string) []byte {
	if encoded, ok := strings.CutPrefix(secret, secretPrefix); ok {
		if key, err := base64.StdEncoding.DecodeString(encoded); err == nil {
			return key
		}
	}
	return []byte(secret)
}

// Sign returns the value of the header webhook-signature: one signature for
// each secret, so that a receiver may check with either during a rotation.
func Sign(secrets []string, id string, at time.Time, body []byte) string {
	signatures := make([]string, len(secrets))
	for n, secret := range secrets {
		mac := hmac.New(sha256.New, signingKey(secret))
		mac.Write([]byte(id + "." + strconv.FormatInt(at.Unix(), 10) + "."))
		mac.Write(body)
		signatures[n] = "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	return strings.Join(signatures, " ")
}
