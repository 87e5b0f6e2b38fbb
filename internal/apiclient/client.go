package apiclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// DefaultServer is where a server of the dev command listens.
const DefaultServer = "http://127.0.0.1:8080"

// maxAnswerBytes bounds an answer that is read whole: 100 results of one chunk each are far below.
const maxAnswerBytes = 64 << 20

// Options says which server is asked, as whom.
type Options struct {
	// BaseURL is the server's address with scheme, DefaultServer when empty. A path in it is kept as a prefix.
	BaseURL string
	// APIKey is sent as X-API-Key when it is not empty.
	APIKey string
	// Tenant is the slug sent as X-Tenant when it is not empty; only keys of platform scope may choose.
	Tenant string
	// UserAgent names the caller in the server's logs.
	UserAgent string
	// RetryFor is how long a request is tried again, 1 minute when zero; negative means one attempt only.
	RetryFor time.Duration
	// OnRetry, if set, hears of each failed attempt and of the wait that follows.
	OnRetry func(err error, wait time.Duration)
}

// Client asks one server as one caller. Its methods may be used by many goroutines.
type Client struct {
	base    string
	options Options
	http    *http.Client
}

// New checks the options; it does not connect.
func New(o Options) (*Client, error) {
	if o.BaseURL == "" {
		o.BaseURL = DefaultServer
	}
	u, err := url.Parse(o.BaseURL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%q is not the address of a server: it looks like %s", o.BaseURL, DefaultServer)
	}
	if strings.ContainsAny(o.APIKey, "\r\n\t ") {
		return nil, errors.New("the API key contains white space")
	}
	if o.RetryFor == 0 {
		o.RetryFor = time.Minute
	}
	if o.UserAgent == "" {
		o.UserAgent = "rustassistant-cli"
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 16
	transport.DisableCompression = true
	return &Client{
		base:    strings.TrimRight(u.String(), "/"),
		options: o,
		// No overall timeout: an upload lasts as long as it lasts. Contexts end requests, this only a silent server.
		http: &http.Client{Transport: transport},
	}, nil
}

// BaseURL is the server's address without a slash at its end.
func (c *Client) BaseURL() string { return c.base }

// Tenant is the slug that requests name, or "".
func (c *Client) Tenant() string { return c.options.Tenant }

// WithTenant returns a client for another tenant that shares the connections.
func (c *Client) WithTenant(slug string) *Client {
	clone := *c
	clone.options.Tenant = slug
	return &clone
}

// Ping asks once whether a server is there.
func (c *Client) Ping(ctx context.Context) error {
	clone := *c
	clone.options.RetryFor = -1
	_, err := clone.Health(ctx)
	return err
}

// Headers are what every request of the client carries, for callers that write requests of their own.
func (c *Client) Headers() http.Header {
	h := http.Header{"User-Agent": {c.options.UserAgent}, "Accept": {"application/json"}}
	if c.options.APIKey != "" {
		h.Set("X-API-Key", c.options.APIKey)
	}
	if c.options.Tenant != "" {
		h.Set("X-Tenant", c.options.Tenant)
	}
	return h
}

// call is one request, possibly sent several times.
type call struct {
	method, path string
	header       http.Header
	// body is read from its beginning at each attempt.
	body io.ReadSeeker
	// timeout bounds one attempt; 0 for none.
	timeout time.Duration
}

// jsonCall prepares a call with a JSON body.
func jsonCall(method, path string, body any) (*call, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("encode the request: %w", err)
	}
	return &call{
		method: method, path: path, body: bytes.NewReader(raw), timeout: time.Minute,
		header: http.Header{"Content-Type": {"application/json"}},
	}, nil
}

// get asks for a resource and decodes the answer into out.
func (c *Client) get(ctx context.Context, path string, query url.Values, out any) error {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	_, err := c.do(ctx, &call{method: http.MethodGet, path: path, timeout: 30 * time.Second}, out)
	return err
}

// attempt sends the call once. The error is an *Error, or one of the network.
func (c *Client) attempt(ctx context.Context, call *call, out any) (http.Header, error) {
	if call.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, call.timeout)
		defer cancel()
	}
	req, err := c.request(ctx, call)
	if err != nil {
		return nil, err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, c.networkError(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswerBytes))
	if err != nil {
		return nil, c.networkError(err)
	}
	if res.StatusCode >= http.StatusMultipleChoices {
		return res.Header, newError(res, body)
	}
	if out == nil || len(body) == 0 {
		return res.Header, nil
	}
	if err := json.Unmarshal(body, out); err != nil {
		return res.Header, fmt.Errorf("%s answered %s %s with something that is not the API's JSON: %w", c.base, call.method, call.path, err)
	}
	return res.Header, nil
}

func (c *Client) request(ctx context.Context, call *call) (*http.Request, error) {
	var body io.Reader
	if call.body != nil {
		if _, err := call.body.Seek(0, io.SeekStart); err != nil {
			return nil, fmt.Errorf("rewind the request's body: %w", err)
		}
		body = io.NopCloser(call.body)
	}
	req, err := http.NewRequestWithContext(ctx, call.method, c.base+call.path, body)
	if err != nil {
		return nil, err
	}
	req.Header = c.Headers()
	for name, values := range call.header {
		req.Header[name] = values
	}
	if call.body != nil {
		size, err := call.body.Seek(0, io.SeekEnd)
		if err != nil {
			return nil, err
		}
		req.ContentLength = size
		if _, err := call.body.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
	}
	return req, nil
}
