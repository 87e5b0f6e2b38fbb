package config

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// redacted stands for every secret in output.
const redacted = "[redacted]"

// Secret is text that prints redacted.
type Secret string

// Reveal returns the text.
func (s Secret) Reveal() string { return string(s) }

// String returns "" for an empty secret and "[redacted]" for any other.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// GoString is String, for %#v.
func (s Secret) GoString() string { return strconv.Quote(s.String()) }

// LogValue is String, for slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText is String, for JSON.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// SecretURL is an address that may hold a password; it prints without it.
type SecretURL string

// Reveal returns the address with its password.
func (u SecretURL) Reveal() string { return string(u) }

// String returns the address with its password redacted.
func (u SecretURL) String() string { return RedactURL(string(u)) }

// GoString is String, for %#v.
func (u SecretURL) GoString() string { return strconv.Quote(u.String()) }

// LogValue is String, for slog.
func (u SecretURL) LogValue() slog.Value { return slog.StringValue(u.String()) }

// MarshalText is String, for JSON.
func (u SecretURL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

var (
	// Greedy up to the last @: a password with an unescaped @ or / is redacted
	// whole, at the price of hiding more than needed of a malformed address.
	urlUserinfo = regexp.MustCompile(`://([^\s"']*)@`)
	urlQuery    = regexp.MustCompile(`(?i)([?&][^=&\s]*(?:password|passwd|secret|token|api_?key|signature)[^=&\s]*=)[^&\s"']*`)
)

// RedactURL replaces the passwords in s, which may be an address or a text with
// addresses in it. A user name is kept where a password follows it.
func RedactURL(s string) string {
	if !strings.Contains(s, "://") {
		return s
	}
	s = urlUserinfo.ReplaceAllStringFunc(s, func(match string) string {
		user, _, hasPassword := strings.Cut(strings.TrimPrefix(match, "://"), ":")
		if !hasPassword {
			user = redacted
		} else {
			user += ":" + redacted
		}
		return "://" + user + "@"
	})
	return urlQuery.ReplaceAllString(s, "${1}"+redacted)
}

// Bytes is a size. It reads 1048576, 512KB, 10MiB, 1.5GiB; K, M, G and T are
// powers of 1024 with or without the i, as people mean them.
type Bytes int64

var byteUnits = []struct {
	suffix string
	size   int64
}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}}

// UnmarshalText reads a size.
func (b *Bytes) UnmarshalText(text []byte) error {
	s := strings.ToLower(strings.TrimSpace(string(text)))
	s = strings.TrimSuffix(strings.TrimSuffix(s, "b"), "i")
	unit := int64(1)
	for _, u := range byteUnits {
		if rest, ok := strings.CutSuffix(s, strings.ToLower(u.suffix[:1])); ok {
			s, unit = rest, u.size
			break
		}
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || n < 0 || n*float64(unit) >= math.MaxInt64 || math.IsNaN(n) {
		return fmt.Errorf("%q is not a size; write for example 512MiB or 536870912", text)
	}
	*b = Bytes(n * float64(unit))
	return nil
}

// String returns the size in the largest unit that divides it.
func (b Bytes) String() string {
	for _, u := range byteUnits {
		if b != 0 && int64(b)%u.size == 0 {
			return strconv.FormatInt(int64(b)/u.size, 10) + u.suffix
		}
	}
	return strconv.FormatInt(int64(b), 10)
}

// Level is a level of logging. It is a slog.Leveler.
type Level slog.Level

// UnmarshalText reads a level, and the directives of RUST_LOG ("info,sqlx=warn"),
// of which only the general one has a meaning here.
func (l *Level) UnmarshalText(text []byte) error {
	for directive := range strings.SplitSeq(string(text), ",") {
		switch strings.ToLower(strings.TrimSpace(directive)) {
		case "trace", "debug":
			*l = Level(slog.LevelDebug)
			return nil
		case "info":
			*l = Level(slog.LevelInfo)
			return nil
		case "warn", "warning":
			*l = Level(slog.LevelWarn)
			return nil
		case "error":
			*l = Level(slog.LevelError)
			return nil
		}
	}
	return fmt.Errorf("%q is not a level; write debug, info, warn or error", text)
}

// Level returns the level for slog.
func (l Level) Level() slog.Level { return slog.Level(l) }

// String returns the level as it is written in the environment.
func (l Level) String() string { return strings.ToLower(slog.Level(l).String()) }

// parsers read the types whose own syntax is not the one that the guide uses.
var parsers = map[reflect.Type]func(string) (any, error){
	reflect.TypeFor[time.Duration](): func(s string) (any, error) { return parseDuration(s) },
	reflect.TypeFor[bool]():          func(s string) (any, error) { return parseBool(s) },
	reflect.TypeFor[int]():           func(s string) (any, error) { return parseInt(s) },
	reflect.TypeFor[float64]():       func(s string) (any, error) { return parseFloat(s) },
	reflect.TypeFor[Networks]():      func(s string) (any, error) { return parseNetworks(s) },
}

// parseDuration reads plain numbers as seconds, since CACHE_DEFAULT_TTL=3600 is
// how the guide writes them, and Go's durations.
func parseDuration(s string) (time.Duration, error) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n >= 0 && n <= math.MaxInt64/int64(time.Second) {
		return time.Duration(n) * time.Second, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, fmt.Errorf("%q is not a duration; write seconds (3600) or for example 90s, 15m, 2h", s)
	}
	return d, nil
}

func parseBool(s string) (bool, error) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "true", "1", "yes", "on":
		return true, nil
	case "false", "0", "no", "off":
		return false, nil
	}
	return false, fmt.Errorf("%q is not a yes or no; write true or false", s)
}

func parseInt(s string) (int, error) {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if errors.Is(err, strconv.ErrRange) {
		return 0, fmt.Errorf("%q is too large a number; write a smaller one", s)
	}
	if err != nil {
		return 0, fmt.Errorf("%q is not a whole number; write digits only", s)
	}
	return n, nil
}

func parseFloat(s string) (float64, error) {
	f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, fmt.Errorf("%q is not a number; write for example 0.1", s)
	}
	return f, nil
}
