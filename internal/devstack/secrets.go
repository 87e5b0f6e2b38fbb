package devstack

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// secrets are the passwords of a stack, made once per data folder. They are
// letters and digits only, so that they can stand in a URL as they are.
type secrets struct {
	PostgresSuperuser string `json:"postgres_superuser"`
	PostgresApp       string `json:"postgres_app"`
	Redis             string `json:"redis"`
}

func loadSecrets(dir string) (*secrets, error) {
	name := filepath.Join(dir, "credentials.json")
	raw, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return createSecrets(dir, name)
	}
	if err != nil {
		return nil, fmt.Errorf("devstack: %w", err)
	}
	s := &secrets{}
	if err := json.Unmarshal(raw, s); err != nil {
		return nil, fmt.Errorf("devstack: %s is damaged: %w", name, err)
	}
	return s, nil
}

func createSecrets(dir, name string) (*secrets, error) {
	// A cluster without its passwords cannot be opened; new ones would only
	// turn a clear message into a failed login.
	if cluster := filepath.Join(dir, "postgres"); exists(cluster) {
		return nil, fmt.Errorf("devstack: %s is missing, but it holds the passwords of %s: "+
			"restore it, or remove the data folder to start empty", name, cluster)
	}
	s := &secrets{PostgresSuperuser: rand.Text(), PostgresApp: rand.Text(), Redis: rand.Text()}
	raw, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("devstack: %w", err)
	}
	return s, writeFileAtomic(name, raw)
}

// writeFileAtomic replaces a private file as a whole: a crash leaves the old
// contents or the new, never a half.
func writeFileAtomic(name string, raw []byte) error {
	tmp := name + ".tmp"
	if err := os.WriteFile(tmp, raw, 0o600); err != nil {
		return fmt.Errorf("devstack: %w", err)
	}
	if err := os.Rename(tmp, name); err != nil {
		return fmt.Errorf("devstack: %w", err)
	}
	return nil
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}
