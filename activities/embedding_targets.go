package activities

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/index"
)

// maxTargets is how many models that are not active yet are kept open.
const maxTargets = 4

// targets keeps the models open that segments are embedded with before they are
// active: each segment is an activity of its own.
type targets struct {
	mu   sync.Mutex
	open map[uuid.UUID]*target
}

// target is an open model and who uses it.
type target struct {
	ref     index.ModelRef
	model   index.Model
	users   int
	dropped bool
}

// get returns an open model; release must be called when it is not used any more.
func (t *targets) get(id uuid.UUID, open func() (index.ModelRef, index.Model, error)) (ref index.ModelRef, m index.Model, release func(), err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	found := t.open[id]
	if found == nil {
		ref, m, err := open()
		if err != nil {
			return index.ModelRef{}, nil, nil, err
		}
		t.makeRoom()
		found = &target{ref: ref, model: m}
		if t.open == nil {
			t.open = map[uuid.UUID]*target{}
		}
		t.open[id] = found
	}
	found.users++
	return found.ref, found.model, func() { t.release(found) }, nil
}

// makeRoom closes a model that nobody uses. It is called with mu held.
func (t *targets) makeRoom() {
	for id, o := range t.open {
		if len(t.open) < maxTargets {
			return
		}
		if o.users == 0 {
			delete(t.open, id)
			_ = o.model.Close() // unmapping: nobody could do anything about it
		}
	}
}

func (t *targets) release(o *target) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if o.users--; o.users == 0 && o.dropped {
		_ = o.model.Close()
	}
}

// drop closes a model as soon as nobody uses it.
func (t *targets) drop(id uuid.UUID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	o := t.open[id]
	if o == nil {
		return
	}
	delete(t.open, id)
	if o.dropped = true; o.users == 0 {
		_ = o.model.Close()
	}
}

// openTarget fetches a model's file and opens it. The file is gone from the disk
// at once: the open model has it mapped.
func (e *Embeddings) openTarget(ctx context.Context, tenant, id uuid.UUID) (ref index.ModelRef, m index.Model, err error) {
	stored, err := e.Store.EmbeddingModel(ctx, tenant, id)
	if err != nil {
		return ref, nil, err
	}
	ref = index.ModelRef{
		ID: id, Name: stored.Name, Identity: stored.Identity, Provider: stored.Provider, Dimensions: stored.Dimensions,
		Bytes: stored.Bytes, Checksum: stored.Checksum,
	}
	if stored.Bytes == 0 {
		m, err = e.Models.OpenModel(ref, "")
		return ref, m, err
	}
	path := filepath.Join(e.WorkDir, "target-"+uuid.NewString()+".model")
	defer func() { _ = os.Remove(path) }()
	err = writeFile(path, func(w io.Writer) error { return e.Store.ReadModel(ctx, tenant, id, w) })
	if err != nil {
		if domain.CodeOf(err) == domain.CodeNotFound {
			err = fmt.Errorf("%w: %w", errModelFile, err)
		}
		return ref, nil, err
	}
	m, err = e.Models.OpenModel(ref, path)
	return ref, m, err
}

// errModelFile says that a model's file went between two looks.
var errModelFile = errors.New("the model's file is gone")

// writeFile writes a new file.
func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(filepath.Clean(path), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("create a work file: %w", err)
	}
	if err := errors.Join(write(f), f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}
