package openai

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"
	"golang.org/x/sync/singleflight"
)

const (
	dialTimeout = 5 * time.Second
	tlsTimeout  = 5 * time.Second
	idleTimeout = 90 * time.Second
	// lingerTime is how long a request that was sent is waited for after its
	// caller was cancelled, since it is paid for.
	lingerTime = 10 * time.Second
	// maxErrorBytes of a refusal are read to classify it.
	maxErrorBytes  = 16 << 10
	maxHeaderBytes = 64 << 10
	userAgent      = "RustAssistant"
)

// Client is a server. It is safe for concurrent use; a process has one, so that
// all its requests share the budgets.
type Client struct {
	o        Options
	endpoint string
	http     *http.Client
	budget   *budget
	queries  *queryVectors
	flights  singleflight.Group
	counts   counters

	mu       sync.Mutex
	breakers map[string]*gobreaker.CircuitBreaker[answer] // by identity
}

// New returns a client; it connects to nothing yet.
func New(o Options) (*Client, error) {
	o.setDefaults()
	u, err := url.Parse(o.BaseURL)
	if err != nil || u.Host == "" {
		return nil, errors.New("the base URL of the embeddings provider cannot be read")
	}
	c := &Client{
		o: o, endpoint: u.JoinPath("embeddings").String(), queries: newQueryVectors(),
		budget:   newBudget(o.RequestsPerMinute, o.TokensPerMinute, o.BatchTokens),
		breakers: make(map[string]*gobreaker.CircuitBreaker[answer]),
	}
	dialer := &net.Dialer{Timeout: dialTimeout}
	c.http = &http.Client{
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext, TLSClientConfig: o.TLS,
			TLSHandshakeTimeout: tlsTimeout, ResponseHeaderTimeout: o.Timeout, IdleConnTimeout: idleTimeout,
			MaxIdleConnsPerHost: 16, MaxResponseHeaderBytes: maxHeaderBytes, ForceAttemptHTTP2: true,
		},
		// A redirect would take the key to another address.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c, nil
}

// Close drops idle connections and the query vectors.
func (c *Client) Close() {
	c.http.CloseIdleConnections()
	c.queries.close()
}

// Spec returns the model that the configuration names.
func (c *Client) Spec() Spec { return c.o.Spec }

// Probe asks for one vector and returns its dimensions: whether the key, the
// model and the address are right. A model that gives other dimensions than its
// spec asks for is an error.
func (c *Client) Probe(ctx context.Context, s Spec) (dimensions int, err error) {
	input := s.DocumentPrefix + "dimensions"
	if err := c.budget.waitForDocuments(ctx, tokensOf(input)); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	answers, err := c.send(ctx, s, []string{input}, s.Dimensions)
	if err != nil {
		return 0, exported(err)
	}
	if answers[0].vector == nil {
		return 0, transient(CodeBadResponse, "the provider answered with a vector that is no vector (NaN, infinite or zero)")
	}
	return len(answers[0].vector), nil
}

type requestBody struct {
	Model      string   `json:"model"`
	Input      []string `json:"input"`
	Dimensions int      `json:"dimensions,omitempty"`
}

// send makes one request for inputs, prefixes included, and returns an answer
// for each. dims is what their vectors must have, 0 when that is not known. The
// error is an *Error, or that of a caller who is gone.
func (c *Client) send(ctx context.Context, s Spec, inputs []string, dims int) ([]answer, error) {
	body, err := json.Marshal(requestBody{Model: s.Model, Input: inputs, Dimensions: s.Dimensions})
	if err != nil {
		return nil, fmt.Errorf("encode the embeddings request: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("the address of the embeddings provider cannot be used")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", userAgent)
	if c.o.APIKey != "" {
		req.Header.Set("Authorization", "Bearer "+c.o.APIKey.Reveal())
	}
	c.counts.requests.Add(1)
	answers, err := c.roundTrip(req, inputs, dims)
	if err != nil {
		c.counts.failures.Add(1)
		return nil, err
	}
	c.counts.inputs.Add(int64(len(inputs)))
	return answers, nil
}

func (c *Client) roundTrip(req *http.Request, inputs []string, dims int) ([]answer, error) {
	res, err := c.http.Do(req)
	if err != nil {
		return nil, ofTransport(err)
	}
	defer res.Body.Close()
	wait := c.budget.learn(res.StatusCode, res.Header, c.budget.batchTokens(c.o.BatchTokens), time.Now())
	if res.StatusCode < 200 || res.StatusCode >= 300 {
		return nil, ofStatus(res.StatusCode, refusal(res.Body), wait)
	}
	limit := maxResponseBytes(len(inputs), dims)
	data, err := io.ReadAll(io.LimitReader(res.Body, limit+1))
	if err != nil {
		return nil, ofTransport(err)
	}
	if int64(len(data)) > limit {
		return nil, transient(CodeBadResponse, "the provider's answer is larger than its vectors can be")
	}
	answers, tokens, err := decode(data, len(inputs), dims)
	if err != nil {
		return nil, err
	}
	c.counts.tokens.Add(int64(tokens))
	c.budget.correct(tokensOf(inputs...), tokens)
	return answers, nil
}

// refusal returns what says why a request was refused: OpenAI's and vLLM's
// {"error": {"code", "message"}}, or the text itself.
func refusal(body io.Reader) string {
	data, _ := io.ReadAll(io.LimitReader(body, maxErrorBytes))
	return string(data)
}

// linger returns a context that ends after timeout, or lingerTime after ctx was
// cancelled.
func linger(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	sent, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	stop := context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(lingerTime, cancel)
		context.AfterFunc(sent, func() { timer.Stop() })
	})
	return sent, func() { stop(); cancel() }
}

// exported makes a length refusal that could not be cured a plain one.
func exported(err error) error {
	var e *Error
	if errors.As(err, &e) && e.Code == codeInputTooLarge {
		return &Error{Code: CodeBadRequest, Message: e.Message, Status: e.Status}
	}
	return err
}
