package search

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"slices"

	"github.com/rustassistant/rustassistant/internal/index"
)

// normalize brings a filter to the one form of all filters that say the same by
// order and repetition: values and the children of groups are sorted and single.
func normalize(f *index.Filter) {
	slices.SortFunc(f.Values, compareValues)
	f.Values = slices.CompactFunc(f.Values, func(a, b index.Value) bool { return compareValues(a, b) == 0 })
	if len(f.Children) == 0 {
		return
	}
	type keyed struct {
		key  []byte
		node *index.Filter
	}
	all := make([]keyed, len(f.Children))
	for i, c := range f.Children {
		normalize(c)
		all[i] = keyed{appendFilter(nil, c), c}
	}
	slices.SortFunc(all, func(a, b keyed) int { return bytes.Compare(a.key, b.key) })
	all = slices.CompactFunc(all, func(a, b keyed) bool { return bytes.Equal(a.key, b.key) })
	f.Children = f.Children[:0]
	for _, k := range all {
		f.Children = append(f.Children, k.node)
	}
}

func compareValues(a, b index.Value) int {
	if c := cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.String, b.String), cmp.Compare(a.Number, b.Number)); c != 0 || a.Bool == b.Bool {
		return c
	}
	if b.Bool {
		return -1
	}
	return 1
}

// appendFilter appends bytes that only an equal filter has.
func appendFilter(b []byte, f *index.Filter) []byte {
	if f == nil {
		return append(b, 0)
	}
	b = append(b, byte(f.Op), boolByte(f.Date))
	b = appendText(b, f.Field)
	b = binary.AppendUvarint(b, uint64(len(f.Values)))
	for _, v := range f.Values {
		b = appendValue(b, v)
	}
	for _, bound := range []*float64{f.Bounds.GT, f.Bounds.GTE, f.Bounds.LT, f.Bounds.LTE} {
		b = appendBound(b, bound)
	}
	b = binary.AppendUvarint(b, uint64(len(f.Children)))
	for _, c := range f.Children {
		b = appendFilter(b, c)
	}
	return b
}

func appendValue(b []byte, v index.Value) []byte {
	b = append(b, byte(v.Kind))
	switch v.Kind {
	case index.KindString:
		return appendText(b, v.String)
	case index.KindNumber:
		return binary.BigEndian.AppendUint64(b, math.Float64bits(v.Number))
	case index.KindBool:
		if v.Bool {
			return append(b, 1)
		}
	}
	return append(b, 0)
}

func appendBound(b []byte, bound *float64) []byte {
	if bound == nil {
		return append(b, 0)
	}
	return binary.BigEndian.AppendUint64(append(b, 1), math.Float64bits(*bound))
}

func boolByte(b bool) byte {
	if b {
		return 1
	}
	return 0
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}
