package telemetry

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strings"

	"github.com/rustassistant/rustassistant/internal/config"
)

const redacted = "[redacted]"

// secretNames is the one list of what is never written, whatever its value. A
// name matches when it contains one of them, without regard to case, - and _.
var secretNames = []string{
	"password", "passwd", "secret", "token", "apikey", "authorization", "cookie", "credential", "encryptionkey", "privatekey",
	"signature", "passphrase",
}

// secretForms finds secrets by their form, wherever in a line they are.
var secretForms = []struct {
	hint    []byte // looked for first: most lines have none of them
	pattern *regexp.Regexp
	with    []byte
}{
	{[]byte("ra_live_"), regexp.MustCompile(`ra_live_[0-9A-Za-z_]+`), []byte("ra_live_" + redacted)},
	{[]byte("earer "), regexp.MustCompile(`([Bb]earer )[^\s"'\\]+`), []byte("${1}" + redacted)},
	{[]byte("asic "), regexp.MustCompile(`([Bb]asic )[0-9A-Za-z+/_-]{8,}=*`), []byte("${1}" + redacted)},
}

// RedactText replaces the secrets in a text that are known by their form: API
// keys, bearer tokens and the passwords of addresses.
func RedactText(s string) string { return string(redactLine([]byte(s))) }

func redactLine(line []byte) []byte {
	for _, f := range secretForms {
		if bytes.Contains(line, f.hint) {
			line = f.pattern.ReplaceAll(line, f.with)
		}
	}
	if bytes.Contains(line, []byte("://")) {
		line = []byte(config.RedactURL(string(line)))
	}
	return line
}

func isSecretName(name string) bool {
	plain := strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == '.' || r == ' ' {
			return -1
		}
		return r
	}, strings.ToLower(name))
	for _, secret := range secretNames {
		if strings.Contains(plain, secret) {
			return true
		}
	}
	return false
}

// redactAttr is slog's ReplaceAttr: it hides attributes by their name, and headers
// by theirs. A number or a truth value under such a name is a count, not a secret.
func redactAttr(_ []string, a slog.Attr) slog.Attr {
	switch a.Value.Kind() {
	case slog.KindString, slog.KindAny:
		if isSecretName(a.Key) {
			return slog.String(a.Key, redacted)
		}
	default:
		return a
	}
	if header, ok := a.Value.Any().(http.Header); ok {
		safe := make(http.Header, len(header))
		for name, values := range header {
			if isSecretName(name) {
				values = []string{redacted}
			}
			safe[name] = values
		}
		a.Value = slog.AnyValue(safe)
	}
	return a
}

// redactingWriter redacts each line by form before it is written. It is the last
// guard: it also sees what is deep inside of values and errors.
type redactingWriter struct{ to io.Writer }

// Write writes one whole log line.
func (w redactingWriter) Write(line []byte) (int, error) {
	if _, err := w.to.Write(redactLine(line)); err != nil {
		return 0, err
	}
	return len(line), nil
}
