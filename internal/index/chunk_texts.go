package index

// ChunkTexts yields the texts of all chunks of the segment, hidden ones too, in
// their order: what an embedding model is given. It reads the stored fields block
// by block and stops at the first error of yield, which it returns.
func (s *Segment) ChunkTexts(yield func(chunk int, title, heading, content string) error) (err error) {
	defer protect(&err)()
	reader := hitReader{block: &storedBlock{}}
	for doc := range s.meta.Docs {
		item, err := reader.item(s, s.docItem(doc))
		if err != nil {
			return err
		}
		title, err := readTitle(item)
		if err != nil {
			return err
		}
		first, end := s.chunksOf(doc)
		for chunk := first; chunk < end; chunk++ {
			if item, err = reader.item(s, s.chunkItem(chunk)); err != nil {
				return err
			}
			var h Hit
			if err := readChunkRecord(item, &h); err != nil {
				return err
			}
			if err := yield(chunk, title, h.Heading, h.Content); err != nil {
				return err
			}
		}
	}
	return nil
}

// readTitle returns the title in a document's record.
func readTitle(record []byte) (string, error) {
	r := byteReader{b: record}
	_ = r.string() // the external id
	title := r.string()
	if r.bad {
		return "", corrupt("document record")
	}
	return title, nil
}
