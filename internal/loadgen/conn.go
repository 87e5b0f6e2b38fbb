package loadgen

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/rustassistant/rustassistant/internal/apiclient"
)

// target is a server as connections see it.
type target struct {
	address string // host:port
	tls     *tls.Config
	// head are the request lines that all requests share, after the first one.
	head string
	path string
}

// newTarget prepares searches of the client's server.
func newTarget(client *apiclient.Client, header ...string) (*target, error) {
	u, err := url.Parse(client.BaseURL())
	if err != nil {
		return nil, err
	}
	t := &target{address: u.Host, path: u.Path + "/api/search"}
	if u.Scheme == "https" {
		t.tls = &tls.Config{ServerName: u.Hostname(), MinVersion: tls.VersionTLS12}
	}
	if u.Port() == "" {
		t.address = net.JoinHostPort(u.Hostname(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Host: %s\r\nContent-Type: application/json\r\n", u.Host)
	for name, values := range client.Headers() {
		fmt.Fprintf(&b, "%s: %s\r\n", name, values[0])
	}
	for _, line := range header {
		b.WriteString(line + "\r\n")
	}
	t.head = b.String()
	return t, nil
}

// request builds the bytes of a request.
func (t *target) request(body any) ([]byte, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	head := fmt.Sprintf("POST %s HTTP/1.1\r\n%sContent-Length: %d\r\n\r\n", t.path, t.head, len(raw))
	return append([]byte(head), raw...), nil
}

// answerTimeout bounds one request.
const answerTimeout = 30 * time.Second

// conn is one keep-alive connection.
type conn struct {
	target *target
	net    net.Conn
	r      *bufio.Reader
}

// answer is what is kept of a response.
type answer struct {
	status int
	cache  cacheState
	close  bool
	length int // of the body, -1 when it is chunked
}

// cacheState is the X-Cache header.
type cacheState int

const (
	cacheNone cacheState = iota
	cacheHit
	cacheMiss
	cacheStale
	cacheBypass
	cacheStates
)

func (c cacheState) String() string {
	return [...]string{"none", "hit", "miss", "stale", "bypass"}[c]
}

// do sends a request and reads the whole answer. After an error the next call connects again.
func (c *conn) do(ctx context.Context, request []byte) (answer, error) {
	a, err := c.exchange(ctx, request)
	if err != nil || a.close {
		c.shut()
	}
	return a, err
}

func (c *conn) shut() {
	if c.net != nil {
		_ = c.net.Close()
		c.net = nil
	}
}

func (c *conn) exchange(ctx context.Context, request []byte) (answer, error) {
	if c.net == nil {
		if err := c.connect(ctx); err != nil {
			return answer{}, err
		}
	}
	if err := c.net.SetDeadline(time.Now().Add(answerTimeout)); err != nil {
		return answer{}, err
	}
	if _, err := c.net.Write(request); err != nil {
		return answer{}, err
	}
	a, err := c.readHead()
	if err != nil {
		return a, err
	}
	if a.length >= 0 {
		_, err = c.r.Discard(a.length)
		return a, err
	}
	return a, c.discardChunks()
}

func (c *conn) connect(ctx context.Context) (err error) {
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	if c.target.tls != nil {
		c.net, err = (&tls.Dialer{NetDialer: dialer, Config: c.target.tls}).DialContext(ctx, "tcp", c.target.address)
	} else {
		c.net, err = dialer.DialContext(ctx, "tcp", c.target.address)
	}
	if err != nil {
		c.net = nil
		return err
	}
	c.r = bufio.NewReaderSize(c.net, 64<<10)
	return nil
}

var errAnswer = errors.New("the answer is not HTTP/1.1")

// readHead reads the status line and the few headers that matter.
func (c *conn) readHead() (answer, error) {
	a := answer{}
	line, err := c.r.ReadSlice('\n')
	if err != nil {
		return a, err
	}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.")) {
		return a, errAnswer
	}
	if a.status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return a, errAnswer
	}
	for {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			return a, err
		}
		if line = bytes.TrimRight(line, "\r\n"); len(line) == 0 {
			return a, nil
		}
		if err := a.header(line); err != nil {
			return a, err
		}
	}
}

func (a *answer) header(line []byte) (err error) {
	name, value, _ := bytes.Cut(line, []byte(":"))
	value = bytes.TrimSpace(value)
	switch len(name) { // most headers differ in length already
	case len("X-Cache"):
		if bytes.EqualFold(name, []byte("X-Cache")) {
			a.cache = parseCache(value)
		}
	case len("Connection"):
		a.close = a.close || bytes.EqualFold(name, []byte("Connection")) && bytes.EqualFold(value, []byte("close"))
	case len("Content-Length"):
		if bytes.EqualFold(name, []byte("Content-Length")) {
			if a.length, err = strconv.Atoi(string(value)); err != nil || a.length < 0 {
				return errAnswer
			}
		}
	case len("Transfer-Encoding"):
		if bytes.EqualFold(name, []byte("Transfer-Encoding")) {
			a.length = -1
		}
	}
	return nil
}

func parseCache(value []byte) cacheState {
	for c := cacheHit; c < cacheStates; c++ {
		if strings.EqualFold(string(value), c.String()) {
			return c
		}
	}
	return cacheNone
}

// discardChunks reads a chunked body to its end.
func (c *conn) discardChunks() error {
	for {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			return err
		}
		digits, _, _ := strings.Cut(strings.TrimSpace(string(line)), ";")
		size, err := strconv.ParseInt(digits, 16, 32)
		if err != nil {
			return errAnswer
		}
		if size == 0 {
			break
		}
		if _, err := io.CopyN(io.Discard, c.r, size+2); err != nil {
			return err
		}
	}
	for { // trailers
		line, err := c.r.ReadSlice('\n')
		if err != nil || len(bytes.TrimSpace(line)) == 0 {
			return err
		}
	}
}
