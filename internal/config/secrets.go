package config

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/rustassistant/rustassistant/internal/auth"
)

// encryptionKeyBytes is the length of an AES-256 key.
const encryptionKeyBytes = 32

// minPassword is the shortest password that production accepts.
const minPassword = 12

// defaultPasswords are those of guides, images and habits. A password is also
// refused when it is one of them with digits or punctuation added.
var defaultPasswords = []string{
	"changeme", "change", "redis", "admin", "administrator", "postgres", "postgresql", "password", "passwd", "secret",
	"rustassistant", "grafana", "root", "test", "testing", "example", "default", "guest", "letmein", "qwerty", "welcome",
	"development", "production", "supersecret", "mysecretpassword",
}

const fixSecret = "use at least 12 random characters: openssl rand -hex 24"

// secrets checks every secret that is set. What production refuses, staging is
// warned of; development is easy.
func (k *checker) secrets() {
	c := k.cfg
	if c.EncryptionKey != "" {
		if _, err := decodeEncryptionKey(c.EncryptionKey); err != nil {
			k.add("ENCRYPTION_KEY", err.Error(), "make one with: openssl rand -base64 32")
		}
	} else if c.Role == RoleServer || c.Role == RoleWorker {
		k.weak("ENCRYPTION_KEY", "it is not set", "make one with: openssl rand -base64 32")
	}
	if c.AdminAPIKey != "" {
		if _, err := auth.Parse(c.AdminAPIKey.Reveal()); err != nil {
			k.add("ADMIN_API_KEY", "it is not an API key of this program", "make one with: rustassistant key generate")
		}
	}
	k.password("DATABASE_URL", urlPassword(c.DatabaseURL))
	k.password("DATABASE_REPLICA_URL", urlPassword(c.DatabaseReplicaURL))
	if c.Role != RoleMigrate {
		k.password("REDIS_URL", urlPassword(c.RedisURL))
		k.password("REDIS_SENTINEL_PASSWORD", c.RedisSentinelPassword.Reveal())
	}
	for _, name := range []string{"POSTGRES_PASSWORD", "REDIS_PASSWORD", "GRAFANA_PASSWORD"} {
		k.password(name, k.values[name])
	}
	if key, err := decodeEncryptionKey(c.EncryptionKey); err == nil && distinct(key) < 16 {
		k.weak("ENCRYPTION_KEY", "it is not random", "make one with: openssl rand -base64 32")
	}
}

// password judges one password; an empty one means another way to sign in.
func (k *checker) password(variable, password string) {
	switch {
	case password == "":
	case isDefaultPassword(password):
		k.weak(variable, "its password is a well-known default", fixSecret)
	case len(password) < minPassword || distinct([]byte(password)) < 5:
		k.weak(variable, "its password is too short", fixSecret)
	}
}

// weak is a violation in production, a warning in staging, and nothing elsewhere.
func (k *checker) weak(variable, problem, fix string) {
	switch k.cfg.Environment {
	case Production:
		k.add(variable, problem+", which production refuses", fix)
	case Staging:
		k.cfg.Warnings = append(k.cfg.Warnings, fmt.Sprintf("%s: %s, which production refuses; %s", variable, problem, fix))
	case Development, Test:
	}
}

// EncryptionKeyBytes returns the 32 bytes of ENCRYPTION_KEY, or nil when it is
// not set.
func (c *Config) EncryptionKeyBytes() []byte {
	key, err := decodeEncryptionKey(c.EncryptionKey)
	if err != nil {
		return nil // Load has refused a malformed one
	}
	return key
}

func decodeEncryptionKey(secret Secret) ([]byte, error) {
	s := secret.Reveal()
	if key, err := hex.DecodeString(s); err == nil && len(key) == encryptionKeyBytes {
		return key, nil
	}
	plain := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(s, "="))
	key, err := base64.RawStdEncoding.DecodeString(plain)
	if err != nil {
		return nil, fmt.Errorf("it is neither base64 nor hex")
	}
	if len(key) != encryptionKeyBytes {
		return nil, fmt.Errorf("it has %d bytes instead of %d", len(key), encryptionKeyBytes)
	}
	return key, nil
}

func urlPassword(address SecretURL) string {
	u, err := parseDatabaseURL(address.Reveal())
	if err != nil {
		return ""
	}
	if password, ok := u.User.Password(); ok {
		return password
	}
	return u.Query().Get("password")
}

func isDefaultPassword(password string) bool {
	core := strings.Trim(strings.ToLower(password), "0123456789!@#$%^&*._-+=?<>")
	if core == "" {
		return len(password) < 2*minPassword // digits only
	}
	for _, known := range defaultPasswords {
		if core == known || core == strings.Repeat(known, 2) {
			return true
		}
	}
	return strings.Contains(core, "changeme") || strings.Contains(core, "strong-random-password")
}

func distinct(b []byte) int {
	var seen [256]bool
	n := 0
	for _, c := range b {
		if !seen[c] {
			seen[c] = true
			n++
		}
	}
	return n
}
