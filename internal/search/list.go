package search

import (
	"errors"
	"strconv"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/index"
)

const badGroup = "must be document, none, doc_type, source_type, repo_id, language or metadata.<key>"

// ByField reports whether documents are grouped by a field.
func (g Group) ByField() bool { return g != GroupDocument && g != GroupNone }

// ByWords reports whether only words find the results: their order is not by score
// alone, and so not that of several branches.
func (r *Request) ByWords() bool { return len(r.Sort) > 0 || r.GroupBy.ByField() }

// validateList checks what orders, groups, counts and shows the results.
func (r *Request) validateList(v *violations) {
	v.text("group_by", string(r.GroupBy), len(index.MetadataPrefix)+domain.MaxLabelBytes)
	switch {
	case !r.GroupBy.ByField():
		if r.GroupSize != 0 {
			v.add("group_size", "needs a group_by that is a field")
		}
	case !index.CanGroup(string(r.GroupBy)):
		v.add("group_by", badGroup)
	case r.GroupSize < 0 || r.GroupSize > MaxGroupSize:
		v.add("group_size", "must be from 1 to %d", MaxGroupSize)
	case r.GroupSize == 0:
		r.GroupSize = index.DefaultGroupSize
	}
	if r.Fragments < 0 || r.Fragments > MaxFragments {
		v.add("highlight.fragments", "must be from 1 to %d", MaxFragments)
	}
	if r.FragmentSize != 0 && (r.FragmentSize < MinFragmentSize || r.FragmentSize > MaxFragmentSize) {
		v.add("highlight.size", "must be from %d to %d", MinFragmentSize, MaxFragmentSize)
	}
	for i, s := range r.Sort {
		at := "sort[" + strconv.Itoa(i) + "]"
		v.text(at, s.Field, len(index.MetadataPrefix)+domain.MaxLabelBytes)
	}
	for i, f := range r.Facets {
		at := "facets[" + strconv.Itoa(i) + "]"
		v.text(at, f.Field, len(index.MetadataPrefix)+domain.MaxLabelBytes)
		for _, known := range r.Facets[:i] {
			if known.Field == f.Field {
				v.add(at, "counts a field that is there already")
			}
		}
	}
	v.adopt(index.ValidateSort(r.Sort))
	v.adopt(index.ValidateFacets(r.Facets))
}

// adopt adds the fields of a domain.Error.
func (v *violations) adopt(err error) {
	var invalid *domain.Error
	if errors.As(err, &invalid) {
		v.fields = append(v.fields, invalid.Fields...)
	}
}
