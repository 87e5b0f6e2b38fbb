package ratelimit

import "net/netip"

// AddressKey returns the key of a client's address. Of IPv6 it is the /64, which
// is what one subscriber has: otherwise a single host could use 2^64 keys. It
// takes an address with or without a port; text that is neither is its own key.
func AddressKey(remote string) string {
	addr, err := netip.ParseAddr(remote)
	if err != nil {
		withPort, err := netip.ParseAddrPort(remote)
		if err != nil {
			return remote
		}
		addr = withPort.Addr()
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is4() {
		return addr.String()
	}
	prefix, err := addr.Prefix(64)
	if err != nil {
		return addr.String()
	}
	return prefix.String()
}
