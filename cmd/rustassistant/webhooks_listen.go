package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/rustassistant/rustassistant/internal/apiclient"
	"github.com/rustassistant/rustassistant/internal/webhook"
)

const (
	// maxEventBytes is far above what is ever sent.
	maxEventBytes = 4 << 20
	// removeTimeout is for removing the webhook when the command was interrupted.
	removeTimeout = 10 * time.Second
	// forwardTimeout is what the sender grants a receiver.
	forwardTimeout = 15 * time.Second
)

// listenFlags are the flags of webhooks listen.
type listenFlags struct {
	connection
	port            int
	secret, forward string
	events          []string
	body            bool
	status          int
	delay           time.Duration
}

func newWebhooksListenCommand() *cobra.Command {
	var f listenFlags
	cmd := &cobra.Command{
		Use:   "listen",
		Short: "Receive events on this machine, verify their signatures and print them",
		Long: `Without --secret a webhook is made for the time this runs, and removed at its end. That needs a server that may send to
this machine: rustassistant dev, or one with WEBHOOK_ALLOWED_NETWORKS and WEBHOOK_ALLOW_HTTP. With --secret it only
listens, for a webhook that exists already.`,
		Example: `  rustassistant webhooks listen --events 'document.*'
  rustassistant webhooks listen --status 503 --delay 2s
  rustassistant webhooks listen --forward http://127.0.0.1:3000/hook`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	f.addFlags(cmd)
	f.addTenantFlag(cmd)
	cmd.Flags().IntVar(&f.port, "port", 9000, "port of the loopback interface; 0 for any that is free")
	cmd.Flags().StringVar(&f.secret, "secret", "", "secret of a webhook that exists already")
	cmd.Flags().StringSliceVar(&f.events, "events", []string{"*"}, "types or patterns of the webhook that is made")
	cmd.Flags().StringVar(&f.forward, "forward", "", "address that each request is passed on to; its status is the answer")
	cmd.Flags().BoolVar(&f.body, "body", false, "print the body of each event, too")
	cmd.Flags().IntVar(&f.status, "status", http.StatusOK, "status to answer with")
	cmd.Flags().DurationVar(&f.delay, "delay", 0, "how long to wait before the answer")
	return cmd
}

func (f *listenFlags) run(cmd *cobra.Command) error {
	if f.status < 200 || f.status > 599 {
		return fmt.Errorf("--status is %d: it must be 200 to 599", f.status)
	}
	if problem := webhook.CheckSecret(f.secret); f.secret != "" && problem != "" {
		return errors.New("--secret " + problem)
	}
	ctx := cmd.Context()
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(f.port)))
	if err != nil {
		return fmt.Errorf("listen on port %d; choose another with --port: %w", f.port, err)
	}
	defer listener.Close()
	l := &eventListener{flags: f, out: cmd.OutOrStdout(), seen: map[string]int{}, ready: make(chan struct{})}
	server := &http.Server{Handler: l, ReadHeaderTimeout: forwardTimeout}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	defer server.Close()
	address := "http://" + listener.Addr().String() + "/"
	secret := f.secret
	if secret == "" {
		made, remove, err := f.makeWebhook(cmd, address)
		if err != nil {
			return err
		}
		defer remove()
		secret = made.Secret
	}
	if err := l.verifyWith(secret); err != nil {
		return err
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "listening on %s; Ctrl-C ends it\n", address)
	select {
	case <-ctx.Done():
		return nil
	case err := <-served:
		return err
	}
}

// makeWebhook makes a webhook for this listener; remove takes it away, also after
// the command's context has ended.
func (f *listenFlags) makeWebhook(cmd *cobra.Command, address string) (made *apiclient.Webhook, remove func(), err error) {
	client, err := f.open(cmd.ErrOrStderr())
	if err != nil {
		return nil, nil, err
	}
	host, _ := os.Hostname()
	made, err = client.CreateWebhook(cmd.Context(), apiclient.NewWebhook{
		URL: address, Events: f.events, Description: "rustassistant webhooks listen on " + host,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("make a webhook for %s: %w", address, err)
	}
	return made, func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(cmd.Context()), removeTimeout)
		defer cancel()
		if err := client.DeleteWebhook(ctx, made.ID); err != nil && !apiclient.IsNotFound(err) {
			fmt.Fprintf(cmd.ErrOrStderr(), "the webhook %s could not be removed: %v\n", made.ID, err)
		}
	}, nil
}

// eventListener receives events.
type eventListener struct {
	flags *listenFlags
	out   io.Writer
	// ready is closed when the secret is known.
	ready    chan struct{}
	verifier *standardwebhooks.Webhook
	mu       sync.Mutex
	seen     map[string]int // requests by webhook-id
	onward   http.Client    // for --forward; each request has its own deadline
}

func (l *eventListener) verifyWith(secret string) (err error) {
	if strings.HasPrefix(secret, "whsec_") {
		l.verifier, err = standardwebhooks.NewWebhook(secret)
	} else {
		l.verifier, err = standardwebhooks.NewWebhookRaw([]byte(secret))
	}
	if err != nil {
		return fmt.Errorf("read the secret: %w", err)
	}
	close(l.ready)
	return nil
}

// ServeHTTP implements http.Handler.
func (l *eventListener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxEventBytes))
	if err != nil {
		http.Error(w, "the request could not be read", http.StatusBadRequest)
		return
	}
	select {
	case <-l.ready:
	case <-r.Context().Done():
		return
	}
	if r.Method != http.MethodPost {
		http.Error(w, "events are sent by POST", http.StatusMethodNotAllowed)
		return
	}
	status, verdict := l.flags.status, "verified"
	if err := l.verifier.Verify(body, r.Header); err != nil {
		status, verdict = http.StatusUnauthorized, "NOT VERIFIED: "+err.Error()
	}
	l.tell(r.Header.Get("Webhook-Id"), body, verdict)
	if status == http.StatusUnauthorized {
		http.Error(w, "the signature is not right", status)
		return
	}
	if l.flags.delay > 0 && apiclient.Sleep(r.Context(), l.flags.delay) != nil {
		return
	}
	if l.flags.forward != "" {
		status = l.forward(r, body)
	}
	w.WriteHeader(status)
}

func (l *eventListener) tell(id string, body []byte, verdict string) {
	var event struct {
		Type string `json:"type"`
	}
	_ = json.Unmarshal(body, &event) // what is no event has no type
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen[id]++
	mark := "first"
	if n := l.seen[id]; n > 1 {
		mark = fmt.Sprintf("request %d", n)
	}
	fmt.Fprintf(l.out, "%s  %s  %-20s  %-9s  %s\n", time.Now().Format("15:04:05.000"), printable(cut(id, 100)), printable(cut(event.Type, 60)), mark, verdict)
	if l.flags.body {
		fmt.Fprintf(l.out, "%s\n", printable(string(body)))
	}
}

func (l *eventListener) say(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(l.out, format+"\n", args...)
}

// forward passes a request on with its headers, so that its signature can be
// verified there.
func (l *eventListener) forward(r *http.Request, body []byte) int {
	ctx, cancel := context.WithTimeout(r.Context(), forwardTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, l.flags.forward, bytes.NewReader(body))
	if err != nil {
		l.say("  not passed on: %v", err)
		return http.StatusBadGateway
	}
	req.Header = r.Header.Clone()
	res, err := l.onward.Do(req)
	if err != nil {
		l.say("  not passed on: %v", err)
		return http.StatusBadGateway
	}
	defer res.Body.Close()
	l.say("  %s answered %d", l.flags.forward, res.StatusCode)
	return res.StatusCode
}
