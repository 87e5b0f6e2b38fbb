package search

import (
	"encoding/json"
	"math"
	"strings"
	"time"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/index"
)

// operators are the members of a condition {"gte": 1, "lt": 9}.
var operators = map[string]bool{
	"eq": true, "ne": true, "in": true, "not_in": true, "gt": true, "gte": true, "lt": true, "lte": true, "exists": true,
}

// isCondition reports whether an object is a condition, and not an object of
// metadata: it has operators only, which never take an object.
func isCondition(value json.RawMessage) bool {
	members, all := 0, true
	eachMember(value, func(name, value []byte) bool {
		members++
		all = operators[unquote(name)] && value[0] != '{'
		return all
	})
	return all && members > 0
}

// condition reads what is said about one field: a value, a list of values of which
// one must match, or an object of operators that must all hold.
func (d *decoder) condition(path, field string, value json.RawMessage) *index.Filter {
	if value[0] != '{' {
		if isDate(field) {
			d.add(path, "must be an object with gt, gte, lt or lte")
			return nil
		}
		return d.in(path, field, value)
	}
	c := condition{decoder: d, path: path, field: field}
	d.text(path, field, len(index.MetadataPrefix)+domain.MaxLabelBytes)
	d.members(path, value, c.operator)
	return c.filter()
}

// condition is one that is being read.
type condition struct {
	*decoder
	path, field    string
	all            []*index.Filter
	bounds         index.Bounds
	numbers, dates int // of the bounds
}

func (c *condition) operator(name string, value json.RawMessage) {
	key := c.path + "." + shorten(name)
	metadata := strings.HasPrefix(c.field, index.MetadataPrefix)
	switch name {
	case "gt", "gte", "lt", "lte":
		if !metadata && !isDate(c.field) {
			c.add(key, "is for dates and metadata only")
			return
		}
		c.bound(key, name, value)
	case "eq", "ne", "in", "not_in":
		if isDate(c.field) {
			c.add(key, "is not for dates; use gt, gte, lt or lte")
			return
		}
		f := c.in(key, c.field, value)
		if f != nil && (name == "ne" || name == "not_in") {
			f = index.Not(f)
		}
		c.all = appendNode(c.all, f)
	case "exists":
		c.leaf(key)
		exists := true
		c.bool(key, value, &exists)
		f := index.Exists(c.field)
		if !exists {
			f = index.Not(f)
		}
		c.all = append(c.all, f)
	default:
		c.add(key, "is not a condition; use eq, ne, in, not_in, gt, gte, lt, lte or exists")
	}
}

// bound reads a bound. A day as the end of what is meant is its last moment.
func (c *condition) bound(key, name string, value json.RawMessage) {
	bound, date, ok := c.decoder.bound(key, value, name == "gt" || name == "lte")
	switch {
	case !ok:
		return
	case isDate(c.field) && !date:
		c.add(key, badDate)
		return
	case date:
		c.dates++
	default:
		c.numbers++
	}
	*map[string]**float64{"gt": &c.bounds.GT, "gte": &c.bounds.GTE, "lt": &c.bounds.LT, "lte": &c.bounds.LTE}[name] = &bound
}

// filter returns all that was said, nil for nothing.
func (c *condition) filter() *index.Filter {
	switch {
	case c.numbers > 0 && c.dates > 0:
		c.add(c.path, "has numbers and dates; all bounds must be of one kind")
	case c.numbers > 0:
		c.leaf(c.path)
		c.all = append(c.all, index.Range(c.field, c.bounds))
	case c.dates > 0:
		c.leaf(c.path)
		c.all = append(c.all, index.DateRange(c.field, c.bounds))
	}
	return allOf(c.all)
}

// bound reads a number, or a date as Unix milliseconds.
func (d *decoder) bound(path string, value json.RawMessage, end bool) (bound float64, date, ok bool) {
	if value[0] != '"' {
		if json.Unmarshal(value, &bound) != nil || math.IsInf(bound, 0) {
			d.add(path, "must be a number or a date")
			return 0, false, false
		}
		return bound, false, true
	}
	text := unquote(value)
	ms, ok := index.DateOf(text)
	if !ok {
		d.add(path, badDate)
		return 0, false, false
	}
	if end && len(text) == len(time.DateOnly) {
		ms += (24*time.Hour - time.Millisecond).Milliseconds()
	}
	return float64(ms), true, true
}
