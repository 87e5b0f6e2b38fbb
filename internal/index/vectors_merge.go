package index

import (
	"errors"
	"io"
)

// mergeVectors writes the vectors of the merged segment: the codes of each chunk
// as they are in its source. It must come after mergeTables.
func (m *merger) mergeVectors(w io.Writer) (VectorsMeta, error) {
	dims := 0
	for _, s := range m.sources {
		if s.vectors == nil {
			continue
		}
		if s.vectors.chunks != s.meta.Chunks {
			return VectorsMeta{}, corrupt("vectors of %d chunks for a segment of %d", s.vectors.chunks, s.meta.Chunks)
		}
		if dims != 0 && s.vectors.dims != dims {
			return VectorsMeta{}, errors.New("merge: vectors of different dimensions")
		}
		dims = s.vectors.dims
	}
	if dims == 0 {
		return VectorsMeta{}, nil
	}
	out, err := newVectorsWriter(w, dims, m.table.meta.Chunks)
	if err != nil {
		return VectorsMeta{}, err
	}
	for n, d := range m.order {
		if n%1024 == 0 && m.ctx.Err() != nil {
			return VectorsMeta{}, m.ctx.Err()
		}
		s := m.sources[d.source]
		first, end := s.chunksOf(int(d.doc))
		for chunk := first; chunk < end; chunk++ {
			if s.vectors == nil {
				out.addMissing()
			} else if err := out.addCodes(s.vectors, chunk); err != nil {
				return VectorsMeta{}, err
			}
		}
	}
	return out.finish()
}
