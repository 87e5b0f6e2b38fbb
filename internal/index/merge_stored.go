package index

// minCopiedFrame is the compressed size from which a block is taken over as it
// is. Smaller ones are joined, so that merging tiny segments gives full blocks.
const minCopiedFrame = storedBlockBytes / 4

// mergeStored copies stored fields: whole blocks where all their documents
// follow each other in the result, else item by item.
func (m *merger) mergeStored() error {
	w := newStoredWriter(m.out)
	defer w.release()
	blocks := make([]*storedBlock, len(m.sources))
	for at := 0; at < len(m.order); {
		if err := m.ctx.Err(); err != nil {
			return err
		}
		s := m.sources[m.order[at].source]
		block := s.stored.blockOf(s.docItem(int(m.order[at].doc)))
		if n := m.wholeBlock(at, block); n > 0 {
			first, end := s.stored.bounds(block)
			w.copyFrame(s.stored.frame(block), end-first)
			at += n
			continue
		}
		b := blocks[m.order[at].source]
		if b == nil {
			b = &storedBlock{block: -1}
			blocks[m.order[at].source] = b
		}
		if err := m.copyItems(w, s, int(m.order[at].doc), b); err != nil {
			return err
		}
		at++
	}
	w.finish()
	return nil
}

// wholeBlock returns how many documents of the result, from at on, make up
// exactly the given block of their source; 0 when they do not.
func (m *merger) wholeBlock(at, block int) int {
	source := m.order[at].source
	s := m.sources[source]
	if len(s.stored.frame(block)) < minCopiedFrame {
		return 0
	}
	item, end := s.stored.bounds(block)
	n := 0
	for ; item < end; n++ {
		if at+n >= len(m.order) || m.order[at+n].source != source {
			return 0
		}
		doc := int(m.order[at+n].doc)
		if s.docItem(doc) != item {
			return 0
		}
		first, last := s.chunksOf(doc)
		item += 1 + last - first
	}
	if item != end {
		return 0 // the last document goes on in the next block
	}
	return n
}

// copyItems copies the record of a document and those of its chunks.
func (m *merger) copyItems(w *storedWriter, s *mergeSource, doc int, b *storedBlock) error {
	first, end := s.chunksOf(doc)
	from := s.docItem(doc)
	for item := from; item <= from+end-first; item++ {
		if b.block < 0 || item < b.first || item >= b.end {
			if err := b.read(&s.stored, s.stored.blockOf(item)); err != nil {
				return err
			}
		}
		w.add(b.item(item), item != from+1)
	}
	return nil
}
