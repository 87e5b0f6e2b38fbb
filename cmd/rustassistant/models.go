package main

import (
	"log/slog"

	"github.com/rustassistant/rustassistant/internal/config"
	"github.com/rustassistant/rustassistant/internal/embed/openai"
	"github.com/rustassistant/rustassistant/internal/embed/registry"
	"github.com/rustassistant/rustassistant/internal/store"
)

// newModels is what server and worker make vectors with.
func newModels(cfg *config.Config, s *store.Store) (*registry.Registry, error) {
	switch cfg.EmbeddingsProvider {
	case config.EmbeddingsBuiltin:
		return registry.Builtin(), nil
	case config.EmbeddingsOpenAI:
		client, err := openai.New(openai.FromConfig(cfg, slog.Default()))
		if err != nil {
			return nil, err
		}
		return registry.Server(client, s), nil
	default:
		return registry.None(), nil
	}
}
