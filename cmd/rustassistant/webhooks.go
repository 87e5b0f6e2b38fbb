package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"github.com/rustassistant/rustassistant/internal/config"
	"github.com/rustassistant/rustassistant/internal/webhook"
)

// newSender sends webhooks; server and worker judge addresses the same way.
func newSender(cfg *config.Config, version string) *webhook.Sender {
	o := webhook.Options{
		AllowHTTP: cfg.WebhookAllowHTTP, AllowedNetworks: slices.Clone(cfg.WebhookAllowedNetworks), UserAgent: "RustAssistant-Webhooks/" + version,
	}
	if cfg.Role == config.RoleDev {
		o.AllowHTTP, o.AllowedNetworks = true, append(o.AllowedNetworks, webhook.Loopback...)
	}
	return webhook.NewSender(o)
}

// newSealer is nil without ENCRYPTION_KEY: then no webhook can be made.
func newSealer(cfg *config.Config) (*webhook.Sealer, error) {
	key := cfg.EncryptionKeyBytes()
	if key == nil {
		slog.Warn("no ENCRYPTION_KEY: webhooks can neither be made nor delivered")
		return nil, nil //nolint:nilnil // nil is a value here: no key
	}
	return webhook.NewSealer(key)
}

// encryptionKey reads the key file of the data folder, or makes one. A new key
// could not open the secrets in the database, so a damaged file is an error.
func (d *dev) encryptionKey() error {
	if d.cfg.EncryptionKey != "" {
		return nil
	}
	name := filepath.Join(d.dir, "encryption-key")
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		text = []byte(base64.StdEncoding.EncodeToString(webhook.GenerateKey()))
		err = os.WriteFile(name, text, 0o600)
	}
	if err != nil {
		return fmt.Errorf("keep the encryption key: %w", err)
	}
	d.cfg.EncryptionKey = config.Secret(text)
	if d.cfg.EncryptionKeyBytes() == nil {
		return fmt.Errorf("the encryption key in %s is damaged: restore it, or delete the file and rotate the secrets of all webhooks", name)
	}
	return nil
}
