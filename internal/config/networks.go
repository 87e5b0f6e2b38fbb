package config

import (
	"fmt"
	"net/netip"
	"strings"
)

// Networks is a list of networks, written 10.0.0.0/8,fd00::/8.
type Networks []netip.Prefix

// String writes the list as it is read.
func (n Networks) String() string {
	parts := make([]string, len(n))
	for i, p := range n {
		parts[i] = p.String()
	}
	return strings.Join(parts, ",")
}

// parseNetworks reads networks and single addresses, separated by commas.
func parseNetworks(s string) (Networks, error) {
	var out Networks
	for part := range strings.SplitSeq(s, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		prefix, err := netip.ParsePrefix(part)
		if addr, addrErr := netip.ParseAddr(part); addrErr == nil && addr.Zone() == "" {
			prefix, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if err != nil {
			return nil, fmt.Errorf("%q is not a network; write 10.20.0.0/16, several with commas between", part)
		}
		out = append(out, prefix.Masked())
	}
	return out, nil
}
