package store

import (
	"context"
	"io"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// ReadVectors implements index.Source. No segment has vectors yet.
func (s *Store) ReadVectors(_ context.Context, _, _ uuid.UUID, _ io.Writer) error {
	return domain.NotFound("index vectors")
}

// ReadModel implements index.Source. No tenant has a model yet.
func (s *Store) ReadModel(_ context.Context, _, _ uuid.UUID, _ io.Writer) error {
	return domain.NotFound("embedding model")
}
