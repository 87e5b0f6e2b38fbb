package webhook

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/dns/dnsmessage"
)

func TestAddressesThatMustNotBeDialled(t *testing.T) {
	t.Parallel()
	g := newGuard(nil)
	for _, address := range []string{
		"127.0.0.1:443", "127.8.8.8:443", "0.0.0.0:443", "10.1.2.3:443", "172.16.0.1:443", "192.168.1.1:443", "100.64.0.1:443",
		"169.254.169.254:80", "224.0.0.1:443", "240.0.0.1:443", "255.255.255.255:443", "192.0.0.1:443", "198.18.0.1:443",
		"192.0.2.1:443", "198.51.100.1:443", "203.0.113.1:443", "0.1.2.3:443", "169.254.170.2:80", "192.88.99.1:443", "172.31.255.255:443", "198.19.255.255:443",
		"[::]:443", "[::1]:443", "[fe80::1%eth0]:443", "[fe80::1]:443", "[fc00::1]:443", "[fd00:ec2::254]:80", "[ff02::1]:443",
		"[::ffff:127.0.0.1]:443", "[::ffff:169.254.169.254]:80", "[::ffff:8.8.8.8]:443", "[::127.0.0.1]:443",
		"[64:ff9b::7f00:1]:443", "[64:ff9b::808:808]:443", "[64:ff9b:1::a00:1]:443", "[2002:7f00:1::]:443", "[2002:a9fe:a9fe::1]:443",
		"[2001::1]:443", "[2001:db8::1]:443", "[100::1]:443", "[3fff::1]:443",
		"[::ffff:10.0.0.1]:443", "[::ffff:0:7f00:1]:443", "[::a9fe:a9fe]:80", "[64:ff9b::a9fe:a9fe]:80", "[2002:a00:1::1]:443", "[2001:0:a9fe:a9fe::1]:443",
		"[2001:2::1]:443", "[2001:10::1]:443", "[fec0::1]:443", "[5f00::1]:443", "[fe80::5efe:7f00:1]:443", "[ff0e::1]:443",
	} {
		network := "tcp4"
		if address[0] == '[' {
			network = "tcp6"
		}
		require.ErrorIs(t, g.control(network, address, nil), errRefused, address)
	}
	for _, address := range []string{"93.184.216.34:443", "8.8.8.8:80", "8.8.8.8:8443"} {
		require.NoError(t, g.control("tcp4", address, nil), address)
	}
	require.NoError(t, g.control("tcp6", "[2606:2800:220:1:248:1893:25c8:1946]:443", nil))
	for _, port := range []string{"22", "25", "1", "1023"} {
		require.ErrorIs(t, g.control("tcp4", "8.8.8.8:"+port, nil), errRefused, port)
	}
	require.ErrorIs(t, g.control("udp4", "8.8.8.8:443", nil), errRefused)
}

func TestAllowedNetworksOpenNothingElse(t *testing.T) {
	t.Parallel()
	g := newGuard(append([]netip.Prefix{netip.MustParsePrefix("10.20.0.0/16")}, Loopback...))
	require.NoError(t, g.control("tcp4", "10.20.3.4:81", nil))
	require.NoError(t, g.control("tcp4", "127.0.0.1:9000", nil))
	require.NoError(t, g.control("tcp6", "[::1]:9000", nil))
	for _, address := range []string{"10.21.0.1:443", "169.254.169.254:80", "192.168.0.1:443"} {
		require.ErrorIs(t, g.control("tcp4", address, nil), errRefused, address)
	}
}

func TestURLs(t *testing.T) {
	t.Parallel()
	strict, dev := NewSender(Options{}), NewSender(Development())
	for _, good := range []string{
		"https://example.com/webhook", "https://example.com", "https://example.com:8443/a?b=c", "https://93.184.216.34/", "https://[2606:2800:220:1:248:1893:25c8:1946]/",
		"https://bücher.example/x", "https://7.example.com/",
	} {
		require.Empty(t, strict.CheckURL(good), good)
	}
	for _, bad := range []string{
		"", "example.com", "ftp://example.com", "http://example.com", "https://", "https:///x", "https://user@example.com", "https://user:pw@example.com",
		"https://example.com/#a", "https://127.0.0.1/", "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/",
		"https://169.254.169.254/latest/meta-data", "https://2130706433/", "https://0x7f000001/", "https://0x7f.1/", "https://127.1/", "https://0177.0.0.1/",
		"https://127.0.0.1./", "https://localhost/", "https://a.localhost/", "https://LOCALHOST./", "https://example.com:22/", "https://example.com:0/",
		"https://example.com:99999/", "https://exa mple.com/", "https://example.com\\@127.0.0.1/", "javascript:alert(1)", "https:example.com", "https://example.com/\n",
		"https://[fe80::1%25eth0]/",
	} {
		require.NotEmpty(t, strict.CheckURL(bad), bad)
	}
	for _, good := range []string{"http://127.0.0.1:9000/x", "http://localhost:9000/", "http://[::1]:9000/", "http://example.com/"} {
		require.Empty(t, dev.CheckURL(good), good)
	}
	require.NotEmpty(t, dev.CheckURL("http://192.168.1.1/"))
	require.NotEmpty(t, dev.CheckURL("http://0.0.0.0:9000/"))
}

func TestHeadersThatMustNotBeSet(t *testing.T) {
	t.Parallel()
	require.Empty(t, CheckHeaders(nil))
	require.Empty(t, CheckHeaders(map[string]string{"Authorization": "Bearer x", "X-Team": "a"}))
	for name, value := range map[string]string{
		"Host": "x", "Content-Length": "1", "content-type": "x", "Transfer-Encoding": "chunked", "Connection": "close", "Webhook-Id": "x",
		"webhook-signature": "v1,x", "Proxy-Authorization": "x", "X-Forwarded-For": "127.0.0.1", "Cookie": "a=b", "User-Agent": "x", "Expect": "100-continue",
		"": "x", "a b": "x", "a\r\nb": "x", "X-Ok": "a\r\nEvil: b", "X-Nul": "\x00",
		"X-Large": strings.Repeat("x", 2001), strings.Repeat("x", 101): "x", "X-Ten-Megabytes": strings.Repeat("x", 10<<20),
	} {
		require.NotEmpty(t, CheckHeaders(map[string]string{name: value}), "%.40q", name)
	}
	require.NotEmpty(t, CheckHeaders(map[string]string{"X-A": "1", "x-a": "2"}))
}

// lyingResolver answers the first question for an address with the first one, the
// second with the second, and all further ones with the last.
func lyingResolver(t *testing.T, addresses ...string) *net.Resolver {
	t.Helper()
	server, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := server.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil || len(m.Questions) == 0 {
				continue
			}
			if body := lie(m.Questions[0].Type, netip.MustParseAddr(addresses[0])); body != nil {
				m.Answers = []dnsmessage.Resource{{
					Header: dnsmessage.ResourceHeader{Name: m.Questions[0].Name, Type: m.Questions[0].Type, Class: m.Questions[0].Class}, Body: body,
				}}
				addresses = addresses[min(1, len(addresses)-1):]
			}
			m.Response, m.Additionals = true, nil
			if out, err := m.Pack(); err == nil {
				_, _ = server.WriteTo(out, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp4", server.LocalAddr().String())
	}}
}

func lie(t dnsmessage.Type, addr netip.Addr) dnsmessage.ResourceBody {
	switch {
	case t == dnsmessage.TypeA && addr.Is4():
		return &dnsmessage.AResource{A: addr.As4()}
	case t == dnsmessage.TypeAAAA && addr.Is6():
		return &dnsmessage.AAAAResource{AAAA: addr.As16()}
	}
	return nil
}

func TestANameThatResolvesToAPrivateAddressIsNotDialled(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"169.254.169.254", "127.0.0.1", "10.0.0.1", "::1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "fd00:ec2::254"} {
		s := NewSender(Options{Resolver: lyingResolver(t, address)})
		require.Empty(t, s.CheckURL("https://rebound.example.com/"), "the name itself is fine")
		o := s.Send(t.Context(), message("https://rebound.example.com/"))
		require.Equal(t, CodeAddress, o.Code, "%s: %s", address, o.Error)
		require.False(t, o.OwnFault)
		require.NotContains(t, o.Error, address)
	}
}

func TestANameThatResolvesToAnotherAddressTheSecondTimeIsCheckedAgain(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Connection", "close") }))
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	require.NoError(t, err)
	options := Development()
	options.Resolver = lyingResolver(t, "127.0.0.1", "169.254.169.254")
	s := NewSender(options)
	target := "http://rebound.example.com:" + port
	first := s.Send(t.Context(), message(target))
	require.True(t, first.OK(), first.Error)
	second := s.Send(t.Context(), message(target))
	require.Equal(t, CodeAddress, second.Code, second.Error)
}

// Digits of other scripts become those of an address after the URL was checked.
func TestAnAddressInDisguiseIsNotDialled(t *testing.T) {
	t.Parallel()
	s := NewSender(Options{})
	for _, url := range []string{"https://１２７.０.０.１/", "https://①⑥⑨.254.169.254/", "https://127。0。0。1/", "https://%31%32%37.0.0.1/"} {
		o := s.Send(t.Context(), message(url))
		require.Contains(t, []string{CodeAddress, CodeInvalidURL}, o.Code, "%s: %s", url, o.Error)
	}
}
