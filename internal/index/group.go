package index

import (
	"encoding/binary"
	"slices"
	"strings"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// Bounds of Request.GroupSize.
const (
	DefaultGroupSize = 3
	MaxGroupSize     = 10
)

// HitGroup is the documents with one value of Request.GroupBy.
type HitGroup struct {
	// Value is nil for the documents without any.
	Value *Value
	// Total is the number of matching documents in it, Hits how many of
	// Result.Hits belong to it.
	Total, Hits int
}

// CanGroup reports whether documents can be grouped by a field.
func CanGroup(field string) bool {
	switch field {
	case FieldDocType, FieldSourceType, FieldRepoID, FieldLanguage:
		return true
	}
	return len(field) > len(MetadataPrefix) && strings.HasPrefix(field, MetadataPrefix)
}

// validateGroup checks GroupBy and GroupSize and sets the default.
func (r *Request) validateGroup() error {
	if r.GroupBy == "" {
		return nil
	}
	invalid := func(field, message string) error {
		return &domain.Error{
			Code: domain.CodeInvalid, Message: "the search is not valid", Fields: []domain.FieldError{{Field: field, Message: message}},
		}
	}
	if !CanGroup(r.GroupBy) {
		return invalid("group_by", "is not a field that can be grouped by")
	}
	if r.Group != GroupDocument {
		return invalid("group_by", "groups are of documents")
	}
	if r.GroupSize == 0 {
		r.GroupSize = DefaultGroupSize
	}
	if r.GroupSize < 1 || r.GroupSize > MaxGroupSize {
		return invalid("group_size", "is out of range")
	}
	return nil
}

// grouper gathers hits by the value of a field. A document with several values
// belongs to the first of them: truth values, then texts in the order of their
// bytes, then numbers. Groups are ranked by their first document, which belongs
// to one group only, so that their order has no ties.
type grouper struct {
	field       string
	limit, size int
	after       *ordered // only groups whose first document ranks behind it
	list        []hitGroup
	byValue     map[string]int // index of list; "" for no value

	// of the current view
	keywords *docKeywords
	numbers  []uint64
	local    []int32 // by index of keywords, index of list and one more
}

type hitGroup struct {
	value string // 'b' or 's' and the text, 'n' and a sortable number, or ""
	total int
	hits  []ordered // the first ones, in their order
}

func newGrouper(field string, limit, size int) *grouper {
	return &grouper{field: field, limit: limit, size: size, byValue: make(map[string]int)}
}

func (g *grouper) reset() {
	g.list = g.list[:0]
	clear(g.byValue)
}

func (g *grouper) open(v *view) (err error) {
	if g.keywords, err = v.docKeywords(g.field); err != nil {
		return err
	}
	g.numbers = v.docNumbers(g.field).low
	g.local = slices.Grow(g.local[:0], len(g.keywords.keys))[:len(g.keywords.keys)]
	clear(g.local)
	return nil
}

// groupOf returns the group of a document of the view.
func (g *grouper) groupOf(doc int) *hitGroup {
	ord := g.keywords.first(doc)
	switch {
	case ord < 0 && (g.numbers == nil || g.numbers[doc] == 0):
		return &g.list[g.index("")]
	case ord < 0:
		return &g.list[g.index(numberKey(g.numbers[doc]))]
	case g.local[ord] == 0:
		g.local[ord] = int32(g.index(g.keywords.keys[ord])) + 1
	}
	return &g.list[g.local[ord]-1]
}

func (g *grouper) index(value string) int {
	i, ok := g.byValue[value]
	if !ok {
		i = len(g.list)
		g.byValue[value] = i
		g.list = append(g.list, hitGroup{value: value})
	}
	return i
}

func (g *grouper) add(doc int, o *ordered) {
	group := g.groupOf(doc)
	group.total++
	n := len(group.hits)
	if n == g.size && !o.before(&group.hits[n-1]) {
		return
	}
	at, _ := slices.BinarySearchFunc(group.hits, *o, compareOrdered)
	if n == g.size {
		group.hits = group.hits[:n-1]
	}
	group.hits = slices.Insert(group.hits, at, *o)
}

// ranked returns the first groups behind the cursor, and their hits in a row.
func (g *grouper) ranked() (groups []HitGroup, hits []ordered) {
	first := ranking{limit: g.limit, after: g.after}
	of := make(map[string]int, g.limit) // by the id of the first document
	for i := range g.list {
		first.offer(&g.list[i].hits[0])
		of[string(g.list[i].hits[0].key)] = i
	}
	for _, o := range first.sorted() {
		group := &g.list[of[string(o.key)]]
		groups = append(groups, HitGroup{Value: typedValue(group.value), Total: group.total, Hits: len(group.hits)})
		hits = append(hits, group.hits...)
	}
	return groups, hits
}

// numberKey is a number beside the values of a document's column.
func numberKey(sortable uint64) string {
	var key [9]byte
	key[0] = 'n'
	binary.BigEndian.PutUint64(key[1:], sortable)
	return string(key[:])
}

// typedValue reads a value of a document's column.
func typedValue(key string) *Value {
	var v Value
	switch {
	case key == "":
		return nil
	case key[0] == 'b':
		v = Bool(key == "bt")
	case key[0] == 'n':
		v = Number(numberOfSortable(binary.BigEndian.Uint64([]byte(key[1:]))))
	default:
		text := key[1:]
		if i := strings.IndexByte(text, 0); i >= keepKeyword-4 {
			text = text[:i] // a long text was cut and has its hash behind it
		}
		v = String(strings.ToValidUTF8(text, ""))
	}
	return &v
}
