package index

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/blevesearch/vellum"

	"github.com/rustassistant/rustassistant/internal/index/analysis"
)

// languageSet has a bit per analysis.Language.
type languageSet uint64

func setOf(l analysis.Language) languageSet { return 1 << l }

func (s languageSet) has(l analysis.Language) bool { return s&setOf(l) != 0 }

// list returns the languages, English first.
func (s languageSet) list() []analysis.Language {
	var list []analysis.Language
	for l := range analysis.LanguageCount {
		if s.has(analysis.Language(l)) {
			list = append(list, analysis.Language(l))
		}
	}
	return list
}

// codes returns what a segment records: nothing for English alone, so that the
// bytes of such segments are what they always were.
func (s languageSet) codes() []string {
	if s == 0 || s == setOf(analysis.English) {
		return nil
	}
	var codes []string
	for _, l := range s.list() {
		codes = append(codes, l.String())
	}
	slices.Sort(codes)
	return codes
}

// readLanguages sets s.languages, and s.outdated when a document says that it is
// of a language whose rules were not used for it.
func (s *Segment) readLanguages() error {
	s.outdated = s.meta.Outdated
	if len(s.meta.Languages) == 0 && s.meta.Docs > 0 {
		s.languages = setOf(analysis.English)
	}
	for _, code := range s.meta.Languages {
		l, ok := analysis.ParseLanguage(code)
		if !ok {
			return fmt.Errorf("index segment needs the rules for the language %q, which this program lacks", code)
		}
		s.languages |= setOf(l)
	}
	prefix := []byte(keywordKey(FieldLanguage, ""))
	it, err := s.keywordTerms.Iterator(prefix, nil)
	for ; err == nil; err = it.Next() {
		key, _ := it.Current()
		if !bytes.HasPrefix(key, prefix) {
			return nil
		}
		if !s.languages.has(analysis.LanguageOf(string(key[len(prefix):]))) {
			s.outdated = true
		}
	}
	if !errors.Is(err, vellum.ErrIteratorDone) {
		return corrupt("keyword dictionary: %v", err)
	}
	return nil
}

// Outdated reports whether building the segment anew would give other terms:
// rules have changed, or have come for the language of a document. Searches
// still find its documents, by the rules that they were analysed with.
func (s *Segment) Outdated() bool { return s.outdated || s.meta.Analysis != analysis.Version }

// Language returns the code of a language tag such as de-AT or german; ok is
// false when there are no rules for it.
func Language(tag string) (code string, ok bool) {
	l, ok := analysis.ParseLanguage(tag)
	return l.String(), ok
}

// Languages returns the codes of all languages with rules, sorted.
func Languages() []string { return analysis.Languages() }
