package api

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// developer reports whether a request without a key may act as the developer: it
// comes from this machine, asks for a name that means this machine, and was not
// made by a web page of another site. Host keeps out names that were rebound to
// 127.0.0.1, Origin and Sec-Fetch-Site keep out pages of other origins, and a
// forwarding header means that a proxy on this machine speaks for somebody else.
func developer(r *http.Request) bool {
	if !loopbackPeer(r.RemoteAddr) || !loopbackHost(r.Host) {
		return false
	}
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via"} {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
	default:
		return false
	}
	if len(r.Header.Values("Origin")) > 1 {
		return false
	}
	origin := r.Header.Get("Origin")
	return origin == "" || sameHost(origin, r.Host)
}

// sameHost reports whether an Origin is the server that was asked. "null", the
// origin of sandboxed pages and files, is not.
func sameHost(origin, host string) bool {
	u, err := url.Parse(origin)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && strings.EqualFold(u.Host, host)
}

func loopbackPeer(remote string) bool {
	peer, err := netip.ParseAddrPort(remote)
	return err == nil && peer.Addr().Unmap().IsLoopback()
}

// loopbackHost reports whether a Host header names this machine, with or without a port.
func loopbackHost(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	if strings.EqualFold(name, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(strings.Trim(name, "[]"))
	return err == nil && addr.IsLoopback()
}
