package store

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// partBytes is the size of one stored piece of a file, so that neither side ever
// holds the whole in memory.
const partBytes = 1 << 20

// putParts hands r over in pieces.
func putParts(r io.Reader, put func(part int32, data []byte) error) error {
	buf := make([]byte, partBytes)
	for part := int32(0); ; part++ {
		n, err := io.ReadFull(r, buf)
		if n > 0 {
			if err := put(part, buf[:n]); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the file to store: %w", err)
		}
	}
}

// readParts writes the pieces of a file to w. One without a piece is not found.
func (s *Store) readParts(ctx context.Context, tenant uuid.UUID, noun string, w io.Writer, get func(q *db.Queries, part int32) ([]byte, error)) error {
	for part := int32(0); ; part++ {
		var data []byte
		err := s.inTenant(ctx, tenant, func(q *db.Queries) (err error) {
			data, err = get(q, part)
			return err
		})
		if noRows(err) {
			if part == 0 {
				return domain.NotFound(noun)
			}
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := w.Write(data); err != nil {
			return fmt.Errorf("write the %s: %w", noun, err)
		}
	}
}
