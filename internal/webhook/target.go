package webhook

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// Limits of what an endpoint may be configured with, in bytes unless said otherwise.
const (
	maxURLBytes         = 2048
	maxHeaders          = 20 // headers
	maxHeaderNameBytes  = 100
	maxHeaderValueBytes = 2000
)

// CheckURL says what is wrong with the address of a receiver, in words that
// follow the field's name, or "". A name is not looked up: what it resolves to
// is checked whenever it is dialled.
func (s *Sender) CheckURL(raw string) string {
	if len(raw) > maxURLBytes {
		return fmt.Sprintf("is longer than %d bytes", maxURLBytes)
	}
	u, err := url.Parse(raw)
	if err != nil || u.Opaque != "" || strings.ContainsAny(raw, " \t\r\n\\") {
		return "is not a URL"
	}
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return "must begin with https://"
	case u.Scheme == "http" && !s.options.AllowHTTP:
		return "must begin with https://; this installation sends to nothing else"
	case u.Hostname() == "":
		return "names no host"
	case u.User != nil:
		return "must not hold a user name or password; use the signature or custom headers"
	case u.Fragment != "" || strings.Contains(raw, "#"):
		return "must not have a fragment"
	}
	return s.checkHost(u)
}

func (s *Sender) checkHost(u *url.URL) string {
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	inAllowed := false
	addr, err := netip.ParseAddr(host)
	switch {
	case err == nil:
		if s.guard.checkAddr(addr) != nil {
			return "is a private or special address; ask the operator to allow its network"
		}
		inAllowed = s.guard.isAllowed(addr)
	case endsInNumber(host):
		return "has a host that is neither a name nor an address as it is usually written"
	case host == "localhost" || strings.HasSuffix(host, ".localhost"):
		if !s.guard.loopbackAllowed() {
			return "is an address of the server itself"
		}
		inAllowed = true
	}
	if u.Port() == "" {
		return ""
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil || s.guard.checkPort(uint16(port), inAllowed) != nil {
		return "has a port that is not allowed: use 443, 80 or one from 1024 on"
	}
	return ""
}

// deniedHeaders are those that the sender sets itself, that change what a
// request means to machines on its way, or that pretend where it comes from.
var deniedHeaders = []string{
	"accept-encoding", "connection", "cookie", "date", "expect", "forwarded", "host", "keep-alive", "te", "trailer",
	"trailers", "transfer-encoding", "upgrade", "user-agent", "via", "x-real-ip", "x-http-method-override", "traceparent", "tracestate",
}

var deniedHeaderPrefixes = []string{"content-", "proxy-", "sec-", "webhook-", "x-forwarded-", "if-", "access-control-"}

// CheckHeaders says what is wrong with custom headers, by name, or returns nothing.
func CheckHeaders(headers map[string]string) []string {
	var problems []string
	if len(headers) > maxHeaders {
		problems = append(problems, fmt.Sprintf("has %d headers, at most %d are allowed", len(headers), maxHeaders))
		return problems
	}
	seen := map[string]bool{}
	for name, value := range headers {
		if problem := checkHeader(name, value, seen); problem != "" {
			problems = append(problems, problem)
		}
		seen[strings.ToLower(name)] = true
	}
	slices.Sort(problems)
	return problems
}

func checkHeader(name, value string, seen map[string]bool) string {
	lower := strings.ToLower(name)
	denied := slices.Contains(deniedHeaders, lower) ||
		slices.ContainsFunc(deniedHeaderPrefixes, func(p string) bool { return strings.HasPrefix(lower, p) })
	switch {
	case len(name) > maxHeaderNameBytes || !httpguts.ValidHeaderFieldName(name):
		return fmt.Sprintf("has a name that no header can have: %.40q", name)
	case denied:
		return fmt.Sprintf("must not set %s", name)
	case seen[lower]:
		return fmt.Sprintf("sets %s twice", name)
	case len(value) > maxHeaderValueBytes || !httpguts.ValidHeaderFieldValue(value):
		return fmt.Sprintf("has a value of %s that no header can have, or of more than %d bytes", name, maxHeaderValueBytes)
	}
	return ""
}
