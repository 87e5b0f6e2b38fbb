package webhook

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"syscall"

	"code.dny.dev/ssrf"
)

// errRefused is what a dial fails with when the address or port is not allowed.
var errRefused = errors.New("the address is not allowed")

// Loopback is what development adds to the allowed networks.
var Loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// guard decides about addresses when they are dialled, after every lookup: a
// name that resolves to something else the second time gains nothing.
type guard struct {
	allowed []netip.Prefix
	ssrf    *ssrf.Guardian
}

func newGuard(allowed []netip.Prefix) *guard {
	var v4, v6 []netip.Prefix
	for _, p := range allowed {
		if p.Addr().Is4() {
			v4 = append(v4, p)
		} else {
			v6 = append(v6, p)
		}
	}
	return &guard{allowed: allowed, ssrf: ssrf.New(ssrf.WithAnyPort(), ssrf.WithAllowedV4Prefixes(v4...), ssrf.WithAllowedV6Prefixes(v6...))}
}

// control implements net.Dialer.Control.
func (g *guard) control(network, address string, c syscall.RawConn) error {
	if err := g.ssrf.Safe(network, address, c); err != nil {
		return fmt.Errorf("%w: %w", errRefused, err)
	}
	target, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %w", errRefused, err)
	}
	return g.checkPort(target.Port(), g.isAllowed(target.Addr()))
}

func (g *guard) checkAddr(addr netip.Addr) error {
	if err := g.ssrf.SafeAddr(addr.WithZone("")); err != nil {
		return fmt.Errorf("%w: %w", errRefused, err)
	}
	return nil
}

// checkPort keeps senders away from mail servers, databases on low ports and
// the like; an operator who allows a network answers for its ports, too.
func (g *guard) checkPort(port uint16, allowedNetwork bool) error {
	if port == 80 || port == 443 || port >= 1024 || allowedNetwork && port > 0 {
		return nil
	}
	return fmt.Errorf("%w: port %d", errRefused, port)
}

func (g *guard) isAllowed(addr netip.Addr) bool {
	for _, p := range g.allowed {
		if p.Contains(addr.WithZone("")) {
			return true
		}
	}
	return false
}

// loopbackAllowed reports whether names of this machine make sense.
func (g *guard) loopbackAllowed() bool {
	return g.isAllowed(netip.AddrFrom4([4]byte{127, 0, 0, 1})) || g.isAllowed(netip.IPv6Loopback())
}

// endsInNumber reports whether a URL parser would take a host for an IPv4
// address: 2130706433, 0x7f.1 and 127.1 are all loopback to some resolvers.
func endsInNumber(host string) bool {
	host = strings.TrimSuffix(host, ".")
	last := host[strings.LastIndexByte(host, '.')+1:]
	if last == "" {
		return false
	}
	if hex := strings.ToLower(last); strings.HasPrefix(hex, "0x") {
		return strings.Trim(hex[2:], "0123456789abcdef") == ""
	}
	return strings.Trim(last, "0123456789") == ""
}
