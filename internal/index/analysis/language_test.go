package analysis

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func termsIn(l Language, text string) []string {
	a := New()
	var terms []string
	a.Scan(text, func(t *Token) {
		if t.Leaf {
			terms = append(terms, a.TermIn(l, t))
		}
	})
	return terms
}

func TestParseLanguage(t *testing.T) {
	t.Parallel()
	for tag, code := range map[string]string{
		"de": "de", "de-DE": "de", "DE_at": "de", "german": "de", "German": "de", " deu ": "de", "nb-NO": "no", "pt-BR": "pt",
		"en-GB": "en", "english": "en",
	} {
		l, ok := ParseLanguage(tag)
		require.True(t, ok, tag)
		require.Equal(t, code, l.String(), tag)
	}
	for _, tag := range []string{"", "rust", "go", "ja", "-", "de2", strings.Repeat("de", 100), "日本"} {
		l, ok := ParseLanguage(tag)
		require.False(t, ok, tag)
		require.Equal(t, English, l, tag)
	}
	require.Len(t, Languages(), LanguageCount)
}

// Forms of one word have one term, by the rules of their language.
func TestTermInJoinsTheFormsOfAWord(t *testing.T) {
	t.Parallel()
	for language, groups := range map[string][]string{
		"de": {"Häuser Haus hauses", "Straße Strassen straße", "Katze Katzen"},
		"fr": {"mangées mangée mangé", "cheval chevaux", "l'eau eau L’eau d'eau", "qu'arriver arriver"},
		"es": {"canción canciones", "gato gatos", "habitación habitaciones"},
		"it": {"dell'acqua acqua", "gatto gatti"},
		"ru": {"книга книги книгу", "ёлка ёлки елка", "красный красная красные"},
		"tr": {"kitaplar kitap", "İstanbul istanbul"},
		"pt": {"menino meninos"},
		"nl": {"boeken boek"},
		"sv": {"hundar hunden hund"},
		"fi": {"talossa talo"},
		"hu": {"házak ház"},
		"ar": {"الكتاب كتاب كِتَاب"},
	} {
		l, ok := ParseLanguage(language)
		require.True(t, ok)
		for _, group := range groups {
			terms := termsIn(l, group)
			for _, term := range terms {
				require.Equal(t, terms[0], term, "%s: %s gives %v", language, group, terms)
			}
		}
	}
}

// What is no word of the language stays as the scan has folded it.
func TestTermInLeavesCodeAlone(t *testing.T) {
	t.Parallel()
	german, _ := ParseLanguage("de")
	require.Equal(t, []string{"utf8", "елка", "日", "本"}, termsIn(german, "utf8 Ёлка 日本"))
	russian, _ := ParseLanguage("ru")
	require.Equal(t, []string{"running", "get", "names"}, termsIn(russian, "running getNames"))
	require.Equal(t, []string{"get", "name", "run"}, termsIn(English, "getNames running"))
}

func TestIsStopIn(t *testing.T) {
	t.Parallel()
	french, _ := ParseLanguage("fr")
	require.True(t, IsStopIn(English, []byte("or")))
	require.False(t, IsStopIn(french, []byte("or")))
}

// Whatever the text and the language, every token has a term that the index can
// hold, and the same one when it is asked for again.
func FuzzTermIn(f *testing.F) {
	for _, s := range []string{"Häuser l'eau Ёлка", "İI ıi", "كِتَاب 日本語", "a\xffb e\u0301", "'''", "qu'", "ß ẞ ŉ", strings.Repeat("ä", 100)} {
		for l := range LanguageCount {
			f.Add(s, uint8(l))
		}
	}
	f.Fuzz(func(t *testing.T, text string, language uint8) {
		l := Language(int(language) % LanguageCount)
		a := New()
		var first []string
		a.Scan(text, func(tok *Token) {
			term := a.TermIn(l, tok)
			require.NotEmpty(t, term)
			require.LessOrEqual(t, len(term), MaxTermBytes)
			require.True(t, utf8.ValidString(term))
			first = append(first, term)
		})
		i := 0
		a.Scan(text, func(tok *Token) {
			require.Equal(t, first[i], a.TermIn(l, tok))
			i++
		})
	})
}
