package auth

import (
	"fmt"
	"net/netip"
	"strings"
)

// maxNetworks bounds the networks of one key: each request is compared with all.
const maxNetworks = 100

// Rules narrow how a key may be used. The zero value allows everything.
type Rules struct {
	// Networks are where the key may be used from; none means everywhere.
	Networks []netip.Prefix
	// RateLimit is in requests a minute, all of which may come at once; 0 is none.
	RateLimit int
}

// AllowsAddress reports whether the key may be used from an address. One that
// cannot be read is only allowed where every address is.
func (r *Rules) AllowsAddress(address string) bool {
	if len(r.Networks) == 0 {
		return true
	}
	addr, err := netip.ParseAddr(address)
	if err != nil {
		return false
	}
	addr = addr.Unmap().WithZone("")
	for _, n := range r.Networks {
		if n.Contains(addr) {
			return true
		}
	}
	return false
}

// ParseNetworks reads networks and single addresses. The error says what is wrong
// in words that follow the field's name.
func ParseNetworks(texts []string) ([]netip.Prefix, error) {
	if len(texts) > maxNetworks {
		return nil, fmt.Errorf("has %d networks, at most %d are allowed", len(texts), maxNetworks)
	}
	out := make([]netip.Prefix, 0, len(texts))
	for _, text := range texts {
		prefix, err := parseNetwork(strings.TrimSpace(text))
		if err != nil {
			return nil, fmt.Errorf("has %.50q, which is no network; write 203.0.113.7, 10.20.0.0/16 or fd12::/32", text)
		}
		out = append(out, prefix)
	}
	return out, nil
}

func parseNetwork(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil && addr.Zone() == "" {
		addr = addr.Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(text)
	return prefix.Masked(), err
}

// StoredRules reads rules as they are stored. A network that this version cannot
// read allows nothing: it must not open the key to everybody.
func StoredRules(networks []string, rateLimit int) Rules {
	r := Rules{RateLimit: rateLimit}
	for _, text := range networks {
		prefix, err := parseNetwork(text)
		if err != nil {
			prefix = netip.PrefixFrom(netip.IPv6Unspecified(), 128)
		}
		r.Networks = append(r.Networks, prefix)
	}
	return r
}
