package index

// termEncoder encodes the records of terms, one after the other.
type termEncoder struct {
	table     *docTable
	text      textEncoder
	title     listEncoder
	titleDocs int
	record    []byte
	scratch   []byte
}

// textEncoder adds the occurrences of a Builder to a list.
type textEncoder struct {
	listEncoder
	deltas []uint32
}

func newTermEncoder(table *docTable) *termEncoder {
	e := &termEncoder{table: table}
	e.reset()
	return e
}

func (e *termEncoder) reset() {
	e.text.reset(true, e.table.lengths)
	e.title.reset(false, e.table.titleLengths)
	e.titleDocs = 0
}

// finish returns the record of the postings added, valid until the next call,
// and starts the next.
func (e *termEncoder) finish() []byte {
	e.record, e.scratch = termRecord(e.record[:0], &e.text.listEncoder, &e.title, e.titleDocs, e.scratch)
	e.reset()
	return e.record
}

// addEntries adds sorted entries, chunk << 32 | position.
func (e *textEncoder) addEntries(entries []uint64) {
	for i := 0; i < len(entries); {
		chunk := uint32(entries[i] >> 32)
		e.deltas = e.deltas[:0]
		last := uint32(0)
		for ; i < len(entries) && uint32(entries[i]>>32) == chunk; i++ {
			position := uint32(entries[i])
			e.deltas = append(e.deltas, position-last)
			last = position
		}
		e.add(chunk, uint32(len(e.deltas)), e.deltas)
	}
}
