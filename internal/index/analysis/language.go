package analysis

import (
	"slices"
	"strings"
	"unicode"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/arabic"
	"github.com/blevesearch/snowballstem/danish"
	"github.com/blevesearch/snowballstem/dutch"
	"github.com/blevesearch/snowballstem/finnish"
	"github.com/blevesearch/snowballstem/french"
	"github.com/blevesearch/snowballstem/german"
	"github.com/blevesearch/snowballstem/hungarian"
	"github.com/blevesearch/snowballstem/irish"
	"github.com/blevesearch/snowballstem/italian"
	"github.com/blevesearch/snowballstem/norwegian"
	"github.com/blevesearch/snowballstem/portuguese"
	"github.com/blevesearch/snowballstem/romanian"
	"github.com/blevesearch/snowballstem/russian"
	"github.com/blevesearch/snowballstem/spanish"
	"github.com/blevesearch/snowballstem/swedish"
	"github.com/blevesearch/snowballstem/tamil"
	"github.com/blevesearch/snowballstem/turkish"
	"golang.org/x/text/unicode/norm"
)

// Language names the rules by which words become terms. The zero value is
// English, which also stands for code and for every language without rules of
// its own: their words are only stemmed as far as they look English.
type Language uint8

// English is the Language of texts that name none.
const English Language = 0

// languageRules are what one language adds to the scan, which is common to all.
type languageRules struct {
	code  string   // ISO 639-1
	names []string // other spellings: ISO 639-2, English name
	stem  func(*snowballstem.Env) bool
	// script is that of the words which the rules apply to.
	script *unicode.RangeTable
	// elided are short words that lose their vowel and are written together with
	// the next: l'eau, dell'acqua.
	elided []string
}

// languages holds the rules by Language. Segments record codes, not numbers.
var languages = [...]languageRules{
	English: {code: "en", names: []string{"eng", "english"}},
	{code: "ar", names: []string{"ara", "arabic"}, stem: arabic.Stem, script: unicode.Arabic},
	{code: "da", names: []string{"dan", "danish"}, stem: danish.Stem, script: unicode.Latin},
	{code: "de", names: []string{"deu", "ger", "german"}, stem: german.Stem, script: unicode.Latin},
	{code: "es", names: []string{"spa", "spanish"}, stem: spanish.Stem, script: unicode.Latin},
	{code: "fi", names: []string{"fin", "finnish"}, stem: finnish.Stem, script: unicode.Latin},
	{
		code: "fr", names: []string{"fra", "fre", "french"}, stem: french.Stem, script: unicode.Latin,
		elided: []string{"l", "d", "j", "m", "t", "s", "n", "c", "qu", "jusqu", "lorsqu", "puisqu", "quoiqu"},
	},
	{code: "ga", names: []string{"gle", "irish"}, stem: irish.Stem, script: unicode.Latin},
	{code: "hu", names: []string{"hun", "hungarian"}, stem: hungarian.Stem, script: unicode.Latin},
	{
		code: "it", names: []string{"ita", "italian"}, stem: italian.Stem, script: unicode.Latin,
		elided: []string{"l", "un", "d", "c", "s", "all", "dall", "dell", "nell", "sull", "coll", "quell", "quest"},
	},
	{code: "nl", names: []string{"nld", "dut", "dutch"}, stem: dutch.Stem, script: unicode.Latin},
	{code: "no", names: []string{"nb", "nn", "nor", "nob", "nno", "norwegian"}, stem: norwegian.Stem, script: unicode.Latin},
	{code: "pt", names: []string{"por", "portuguese"}, stem: portuguese.Stem, script: unicode.Latin},
	{code: "ro", names: []string{"ron", "rum", "romanian"}, stem: romanian.Stem, script: unicode.Latin},
	{code: "ru", names: []string{"rus", "russian"}, stem: russian.Stem, script: unicode.Cyrillic},
	{code: "sv", names: []string{"swe", "swedish"}, stem: swedish.Stem, script: unicode.Latin},
	{code: "ta", names: []string{"tam", "tamil"}, stem: tamil.Stem, script: unicode.Tamil},
	{code: "tr", names: []string{"tur", "turkish"}, stem: turkish.Stem, script: unicode.Latin},
}

// LanguageCount is the number of languages with rules.
const LanguageCount = len(languages)

var languageNames = func() map[string]Language {
	names := make(map[string]Language)
	for i, l := range languages {
		names[l.code] = Language(i)
		for _, n := range l.names {
			names[n] = Language(i)
		}
	}
	return names
}()

// ParseLanguage reads a language tag as people write it: de, de-DE, de_AT, deu,
// German. ok is false when there are no rules for it; the rules are then English.
func ParseLanguage(tag string) (l Language, ok bool) {
	if len(tag) > 64 {
		return English, false
	}
	tag = strings.ToLower(strings.TrimSpace(tag))
	if i := strings.IndexAny(tag, "-_"); i >= 0 {
		tag = tag[:i]
	}
	l, ok = languageNames[tag]
	return l, ok
}

// LanguageOf returns the rules for a document that says it is of that language.
func LanguageOf(tag string) Language {
	if tag == "" {
		return English
	}
	l, _ := ParseLanguage(tag)
	return l
}

// String returns the ISO 639-1 code.
func (l Language) String() string {
	if int(l) >= len(languages) {
		return "unknown"
	}
	return languages[l].code
}

// Languages returns the codes of all languages with rules, sorted.
func Languages() []string {
	codes := make([]string, 0, len(languages))
	for _, l := range languages {
		codes = append(codes, l.code)
	}
	slices.Sort(codes)
	return codes
}

// TermIn returns the term of the token that the scan is at, by the rules of a
// language. The result is not backed by the token.
//
// Snowball's rules are about letters with their accents, so the word is stemmed
// as it is written and the accents are taken off the stem.
func (a *Analyzer) TermIn(l Language, t *Token) string {
	if l == English {
		return a.Term(t.Text)
	}
	source := a.text[t.Start:t.End]
	stems := a.stemsIn[l]
	if term, ok := stems[source]; ok {
		return term
	}
	term := a.stemIn(&languages[l], source)
	if term == "" {
		term = string(t.Text)
	}
	if stems == nil {
		stems = make(map[string]string)
		a.stemsIn[l] = stems
	}
	if len(stems) >= maxCachedStems {
		clear(stems)
	}
	stems[strings.Clone(source)] = term
	return term
}

// IsStopIn reports whether the language's rules do not index a folded word. Only
// English has such words: idf makes those of other languages count little, and
// what is a stop word there is a rare word here ("or" is gold in French).
func IsStopIn(l Language, folded []byte) bool { return l == English && IsStop(folded) }

// stemIn returns the folded stem of a word, nothing if the word stays as the scan
// has folded it.
func (a *Analyzer) stemIn(rules *languageRules, source string) string {
	word, elided := a.lowered(rules, source)
	letters := 0
	for _, r := range word {
		if !unicode.Is(rules.script, r) && !unicode.IsMark(r) {
			letters = 0
			break
		}
		letters++
	}
	if letters >= 3 {
		a.env.SetCurrent(word)
		rules.stem(a.env)
		word = a.env.Current()
	} else if !elided {
		return ""
	}
	term := a.fold(a.stem[:0], word)
	a.stem = term[:0]
	if len(term) > MaxTermBytes {
		term = cut(term)
	}
	return string(term)
}

// lowered returns a word in lower case, composed, without apostrophes and what
// was elided before one.
func (a *Analyzer) lowered(rules *languageRules, source string) (word string, elided bool) {
	word = source
	if strings.ContainsAny(word, "'’") {
		word = strings.ReplaceAll(word, "’", "'")
		head, rest, _ := strings.Cut(word, "'")
		if slices.Contains(rules.elided, strings.ToLower(head)) && rest != "" {
			word, elided = rest, true
		}
		word = strings.ReplaceAll(word, "'", "")
	}
	word = norm.NFC.String(word)
	switch rules.code {
	case "tr":
		return strings.ToLowerSpecial(unicode.TurkishCase, word), elided
	case "ru": // the rules expect ё to be written as most people write it
		return strings.ReplaceAll(strings.ToLower(word), "ё", "е"), elided
	}
	return strings.ToLower(word), elided
}
