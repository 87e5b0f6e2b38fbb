package index

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/index/analysis"
)

// Bounds of Settings.
const (
	MaxSynonyms      = 10_000 // sets
	MaxSynonymWords  = 32     // expressions of one set
	MaxSynonymTokens = 8      // words of one expression
	MaxStopWords     = 1000
	MaxSettingBytes  = 128 // one word or expression
	maxViolations    = 20  // that are reported; a caller learns nothing from more
)

// Settings are what a tenant may choose about its searches. They are looked at
// when a query is read, so a change needs no new index. The zero value is the
// default.
type Settings struct {
	// DefaultLanguage is that of queries that do not name one; empty means that
	// the words of a query are looked for in every language the index holds.
	DefaultLanguage string `json:"default_language,omitempty"`
	// Synonyms add alternatives to the words of queries.
	Synonyms []Synonym `json:"synonyms,omitempty"`
	// StopWords are not scored, unless a query has no other words.
	StopWords []string `json:"stop_words,omitempty"`
	Ranking   Ranking  `json:"ranking,omitzero"`
	Hybrid    Hybrid   `json:"hybrid,omitzero"`
}

// Synonym is a set of expressions that mean the same (Words), or one expression
// (From) that also finds others (To) but not the other way around. Expressions
// may have several words.
type Synonym struct {
	Words []string `json:"words,omitempty"`
	From  string   `json:"from,omitempty"`
	To    []string `json:"to,omitempty"`
}

// Ranking are the parameters of BM25 that differ from DefaultParams.
type Ranking struct {
	K1         *float64 `json:"k1,omitempty"`
	B          *float64 `json:"b,omitempty"`
	TitleBoost *float64 `json:"title_boost,omitempty"`
}

// Hybrid are the weights of hybrid searches that differ from the defaults.
type Hybrid struct {
	KeywordWeight *float64 `json:"keyword_weight,omitempty"`
	VectorWeight  *float64 `json:"vector_weight,omitempty"`
	// Fusion is minmax, rrf, or empty for the default of the embedding model.
	Fusion string `json:"fusion,omitempty"`
}

// Params returns DefaultParams with what the tenant has changed.
func (r Ranking) Params() Params {
	p := DefaultParams
	for _, f := range []struct{ to, from *float64 }{{&p.K1, r.K1}, {&p.B, r.B}, {&p.TitleBoost, r.TitleBoost}} {
		if f.from != nil {
			*f.to = *f.from
		}
	}
	return p
}

// ParseSettings reads stored settings; nothing gives the defaults. It is
// tolerant of fields that a newer release has written.
func ParseSettings(data []byte) (Settings, error) {
	var s Settings
	if len(data) == 0 {
		return s, nil
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return Settings{}, fmt.Errorf("read search settings: %w", err)
	}
	return s, nil
}

// Validate reports everything that is wrong, in a domain.Error that names the
// fields.
func (s *Settings) Validate() error {
	v := settingsViolations{}
	if s.DefaultLanguage != "" {
		if _, ok := analysis.ParseLanguage(s.DefaultLanguage); !ok {
			v.add("default_language", "has no rules here; leave it out, or use one of "+strings.Join(analysis.Languages(), ", "))
		}
	}
	v.synonyms(s.Synonyms)
	v.stopWords(s.StopWords)
	v.number("ranking.k1", s.Ranking.K1, 10)
	v.number("ranking.b", s.Ranking.B, 1)
	v.number("ranking.title_boost", s.Ranking.TitleBoost, 10)
	v.number("hybrid.keyword_weight", s.Hybrid.KeywordWeight, 1)
	v.number("hybrid.vector_weight", s.Hybrid.VectorWeight, 1)
	if k, w := s.Hybrid.KeywordWeight, s.Hybrid.VectorWeight; k != nil && w != nil && *k == 0 && *w == 0 {
		v.add("hybrid", "one of the weights must be above 0")
	}
	switch s.Hybrid.Fusion {
	case "", "minmax", "rrf":
	default:
		v.add("hybrid.fusion", "must be minmax or rrf")
	}
	return v.err()
}

// settingsViolations collects what is wrong with settings.
type settingsViolations struct{ fields []domain.FieldError }

func (v *settingsViolations) add(field, message string) {
	if len(v.fields) < maxViolations {
		v.fields = append(v.fields, domain.FieldError{Field: field, Message: message})
	}
}

func (v *settingsViolations) number(field string, n *float64, most float64) {
	if n != nil && !(*n >= 0 && *n <= most) { // also not for NaN
		v.add(field, fmt.Sprintf("must be from 0 to %g", most))
	}
}

func (v *settingsViolations) synonyms(list []Synonym) {
	if len(list) > MaxSynonyms {
		v.add("synonyms", fmt.Sprintf("has %d sets, at most %d are allowed", len(list), MaxSynonyms))
		return
	}
	for i, s := range list {
		field := fmt.Sprintf("synonyms[%d]", i)
		switch {
		case len(s.Words) > 0 && (s.From != "" || len(s.To) > 0):
			v.add(field, "has words, or from and to, not both")
		case len(s.Words) > 0:
			if len(s.Words) < 2 {
				v.add(field+".words", "needs at least two expressions")
			}
			v.expressions(field+".words", s.Words)
		case s.From != "" && len(s.To) > 0:
			v.expression(field+".from", s.From)
			v.expressions(field+".to", s.To)
		default:
			v.add(field, "needs words, or from and to")
		}
	}
}

func (v *settingsViolations) expressions(field string, list []string) {
	if len(list) > MaxSynonymWords {
		v.add(field, fmt.Sprintf("has %d expressions, at most %d are allowed", len(list), MaxSynonymWords))
		return
	}
	for i, s := range list {
		v.expression(fmt.Sprintf("%s[%d]", field, i), s)
	}
}

func (v *settingsViolations) expression(field, text string) {
	if !v.text(field, text) {
		return
	}
	words := scanWords(text)
	switch {
	case len(words) == 0:
		v.add(field, "has no word in it")
	case words[len(words)-1].position >= MaxSynonymTokens:
		v.add(field, fmt.Sprintf("has more than %d words", MaxSynonymTokens))
	}
}

func (v *settingsViolations) stopWords(list []string) {
	if len(list) > MaxStopWords {
		v.add("stop_words", fmt.Sprintf("has %d words, at most %d are allowed", len(list), MaxStopWords))
		return
	}
	for i, s := range list {
		field := fmt.Sprintf("stop_words[%d]", i)
		if v.text(field, s) && len(scanWords(s)) != 1 {
			v.add(field, "must be one word")
		}
	}
}

func (v *settingsViolations) text(field, text string) bool {
	switch {
	case len(text) > MaxSettingBytes:
		v.add(field, fmt.Sprintf("is %d bytes long, at most %d are allowed", len(text), MaxSettingBytes))
	case !utf8.ValidString(text):
		v.add(field, "is not valid UTF-8")
	case strings.IndexByte(text, 0) >= 0:
		v.add(field, "must not contain a NUL character")
	default:
		return true
	}
	return false
}

func (v *settingsViolations) err() error {
	if len(v.fields) == 0 {
		return nil
	}
	return &domain.Error{Code: domain.CodeInvalid, Message: "the search settings are not valid", Fields: v.fields}
}
