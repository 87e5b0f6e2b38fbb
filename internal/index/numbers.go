package index

import (
	"encoding/binary"
	"math"
	"slices"
	"sort"
)

// sectionNumbers holds a column per field, sorted by value, then document:
//
//	u64 bytes of the directory | directory | padding to 8 | columns
//	directory: per column uvarint length | name | uvarint offset | uvarint values
//	column:    u64 per value, see sortableNumber | u32 per value: its document
//
// Offsets count from the end of the padding.

// sortableNumber maps a number to an integer of the same order; -0 is 0.
func sortableNumber(v float64) uint64 {
	bits := math.Float64bits(v + 0)
	if bits>>63 != 0 {
		return ^bits
	}
	return bits | 1<<63
}

// numberOfSortable is the inverse of sortableNumber.
func numberOfSortable(bits uint64) float64 {
	if bits>>63 != 0 {
		return math.Float64frombits(bits &^ (1 << 63))
	}
	return math.Float64frombits(^bits)
}

// numberColumn is a column while it is built.
type numberColumn struct {
	values []uint64
	docs   []uint32
}

func (c *numberColumn) add(value uint64, doc uint32) {
	c.values = append(c.values, value)
	c.docs = append(c.docs, doc)
}

func (c *numberColumn) Len() int { return len(c.values) }

func (c *numberColumn) Less(i, j int) bool {
	if c.values[i] != c.values[j] {
		return c.values[i] < c.values[j]
	}
	return c.docs[i] < c.docs[j]
}

func (c *numberColumn) Swap(i, j int) {
	c.values[i], c.values[j] = c.values[j], c.values[i]
	c.docs[i], c.docs[j] = c.docs[j], c.docs[i]
}

// writeNumbers writes the section. Equal pairs are written once.
func writeNumbers(out *sectionWriter, columns map[string]*numberColumn) {
	var directory, data []byte
	fields := make([]string, 0, len(columns))
	for f := range columns {
		fields = append(fields, f)
	}
	slices.Sort(fields)
	for _, f := range fields {
		c := columns[f]
		if !sort.IsSorted(c) {
			sort.Sort(c)
		}
		c.compact()
		directory = appendString(directory, f)
		directory = binary.AppendUvarint(directory, uint64(len(data)))
		directory = binary.AppendUvarint(directory, uint64(len(c.values)))
		for _, v := range c.values {
			data = binary.LittleEndian.AppendUint64(data, v)
		}
		for _, d := range c.docs {
			data = binary.LittleEndian.AppendUint32(data, d)
		}
	}
	out.begin(sectionNumbers)
	out.put(binary.LittleEndian.AppendUint64(nil, uint64(len(directory))))
	for len(directory)%sectionAlign != 0 {
		directory = append(directory, 0)
	}
	out.put(directory)
	out.put(data)
	out.end()
}

func (c *numberColumn) compact() {
	n := 0
	for i := range c.values {
		if i == 0 || c.values[i] != c.values[n-1] || c.docs[i] != c.docs[n-1] {
			c.values[n], c.docs[n] = c.values[i], c.docs[i]
			n++
		}
	}
	c.values, c.docs = c.values[:n], c.docs[:n]
}

// numberReader is a column of a segment.
type numberReader struct {
	n            int
	values, docs []byte
}

// readNumbers reads the directory of the section.
func readNumbers(section []byte) (map[string]numberReader, error) {
	if len(section) < 8 {
		return nil, corrupt("number section of %d bytes", len(section))
	}
	size := binary.LittleEndian.Uint64(section)
	padded := (size + sectionAlign - 1) &^ (sectionAlign - 1)
	if size > uint64(len(section)) || 8+padded > uint64(len(section)) {
		return nil, corrupt("number directory of %d bytes", size)
	}
	directory, data := byteReader{b: section[8 : 8+size]}, section[8+padded:]
	columns := make(map[string]numberReader)
	for len(directory.b) > 0 {
		name := directory.string()
		offset, n := directory.uvarint(), directory.uvarint()
		if directory.bad || offset > uint64(len(data)) || n > uint64(len(data)-int(offset))/12 {
			return nil, corrupt("number column %q", name)
		}
		values := data[offset:]
		columns[name] = numberReader{n: int(n), values: values[:8*n], docs: values[8*n : 12*n]}
	}
	return columns, nil
}

func (c *numberReader) value(i int) uint64 { return binary.LittleEndian.Uint64(c.values[8*i:]) }

func (c *numberReader) doc(i int) uint32 { return u32(c.docs, i) }

// find returns the index of the first value that is at least v.
func (c *numberReader) find(v uint64) int {
	return sort.Search(c.n, func(i int) bool { return c.value(i) >= v })
}

// rangeOf returns the indexes [from, to) of the values within bounds.
func (c *numberReader) rangeOf(b Bounds) (from, to int) {
	to = c.n
	if b.GTE != nil {
		from = max(from, c.find(sortableNumber(*b.GTE)))
	}
	if b.GT != nil {
		from = max(from, c.find(sortableNumber(*b.GT)+1))
	}
	if b.LTE != nil {
		to = min(to, c.find(sortableNumber(*b.LTE)+1))
	}
	if b.LT != nil {
		to = min(to, c.find(sortableNumber(*b.LT)))
	}
	return from, max(from, to)
}
