package loadgen

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"golang.org/x/sync/errgroup"

	"github.com/rustassistant/rustassistant/internal/apiclient"
)

const (
	// webhookMark is the description of the webhooks that a benchmark makes, by which a later run finds those of one that
	// was killed.
	webhookMark = "rustassistant bench webhooks"
	// webhookCalls bounds the calls at the same time that prepare and clean up.
	webhookCalls   = 8
	cleanupTimeout = time.Minute
	recordPoll     = 300 * time.Millisecond
)

// WebhooksOptions says what is measured of the delivery of events.
type WebhooksOptions struct {
	// Client names a tenant that nobody else uses: its documents are deleted.
	Client *apiclient.Client
	// Endpoints answer at once, Hanging ones beside them never.
	Endpoints, Hanging int
	// Deliveries are made by Throughput: a document for each endpoint's next one.
	Deliveries int
	// Rate of events a second, for a Duration, is what WebhookLatency makes.
	Rate     float64
	Duration time.Duration
	// Processes are watched for their memory meanwhile.
	Processes []Process
}

// WebhooksResult is what was measured. Hanging endpoints are not in it.
type WebhooksResult struct {
	Events int
	// Deliveries are events that came to an endpoint, Requests those that came again, too.
	Deliveries, Requests int
	// Recorded is how many attempts the server has written down.
	Recorded int
	// Elapsed is from the first to the last delivery.
	Elapsed time.Duration
	// SinceEvent and SinceAnswer are until the first attempt came, in microseconds: from when the event's transaction
	// began, and from when the client knew of its commit. The commit is between the two. SinceAnswer is nil when the
	// events were not made one by one.
	SinceEvent, SinceAnswer *hdrhistogram.Histogram
	Memory                  []Memory
}

// Rate is deliveries a second, from the first to the last.
func (r *WebhooksResult) Rate() float64 { return float64(r.Deliveries) / r.Elapsed.Seconds() }

// webhookLoad is one measurement.
type webhookLoad struct {
	WebhooksOptions
	receiver *receiver
	ids      []string // of the webhooks, those that hang last
}

// openWebhooks makes a receiver and webhooks that send to it. close removes them, also when ctx has ended.
func openWebhooks(ctx context.Context, o WebhooksOptions, event string) (l *webhookLoad, err error) {
	if o.Endpoints <= 0 || o.Hanging < 0 {
		return nil, errors.New("at least one endpoint has to answer")
	}
	l = &webhookLoad{WebhooksOptions: o, ids: make([]string, o.Endpoints+o.Hanging)}
	if err := l.removeWebhooks(ctx); err != nil {
		return nil, fmt.Errorf("remove the webhooks of an earlier run: %w", err)
	}
	if l.receiver, err = newReceiver(ctx, len(l.ids), o.Hanging); err != nil {
		return nil, err
	}
	calls, callsCtx := errgroup.WithContext(ctx)
	calls.SetLimit(webhookCalls)
	for n := range l.ids {
		calls.Go(func() error {
			w, err := o.Client.CreateWebhook(callsCtx, apiclient.NewWebhook{
				URL: l.receiver.url(n), Secret: l.receiver.secret, Events: []string{event}, Description: webhookMark,
			})
			if err == nil {
				l.ids[n] = w.ID
			}
			return err
		})
	}
	if err := calls.Wait(); err != nil {
		return nil, errors.Join(err, l.close(ctx))
	}
	return l, nil
}

// removeWebhooks removes what this or an earlier run has made.
func (l *webhookLoad) removeWebhooks(ctx context.Context) error {
	var ids []string
	err := l.Client.Webhooks(ctx, func(w apiclient.Webhook) error {
		if w.Description == webhookMark {
			ids = append(ids, w.ID)
		}
		return nil
	})
	if err != nil {
		return err
	}
	calls, callsCtx := errgroup.WithContext(ctx)
	calls.SetLimit(webhookCalls)
	for _, id := range ids {
		calls.Go(func() error { return l.Client.DeleteWebhook(callsCtx, id) })
	}
	return calls.Wait()
}

// close removes the webhooks, and then who receives them.
func (l *webhookLoad) close(ctx context.Context) error {
	defer l.receiver.close()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	return l.removeWebhooks(ctx)
}

// Throughput makes events at once, by indexing documents, until each endpoint has its share of the deliveries waiting, and
// measures how fast they come.
func Throughput(ctx context.Context, o WebhooksOptions) (res *WebhooksResult, err error) {
	l, err := openWebhooks(ctx, o, "document.indexed")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.close(ctx)) }()
	documents := (o.Deliveries + o.Endpoints - 1) / o.Endpoints
	memory := watchMemory(ctx, o.Processes)
	defer memory()
	if err := l.indexDocuments(ctx, documents, "throughput"); err != nil {
		return nil, err
	}
	if err := l.receiver.wait(ctx, documents*o.Endpoints); err != nil {
		return nil, err
	}
	res = l.result(documents, nil)
	res.Memory = memory()
	res.Recorded, err = l.recorded(ctx)
	return res, errors.Join(err, l.removeDocuments(ctx))
}

// indexDocuments sends small documents that no run has sent before.
func (l *webhookLoad) indexDocuments(ctx context.Context, n int, what string) error {
	var lines strings.Builder
	run := time.Now().UnixNano()
	for i := range n {
		fmt.Fprintf(&lines, `{"external_id":"bench/%s/%d/%d","title":"Webhooks","doc_type":"bench-webhooks","content":"Event %d of run %d."}`+"\n", what, run, i, i, run)
	}
	res, err := l.Client.BulkDocuments(ctx, strings.NewReader(lines.String()), apiclient.BulkOptions{})
	if err == nil && res.Queued != n {
		err = fmt.Errorf("%d of %d documents were taken", res.Queued, n)
	}
	return err
}

// documents lists what indexDocuments has made.
func (l *webhookLoad) documents(ctx context.Context) (ids []string, err error) {
	err = l.Client.Documents(ctx, "bench-webhooks", func(d apiclient.DocumentRef) error {
		ids = append(ids, d.ID)
		return nil
	})
	return ids, err
}

// removeDocuments leaves the tenant as it was.
func (l *webhookLoad) removeDocuments(ctx context.Context) error {
	ids, err := l.documents(ctx)
	calls, callsCtx := errgroup.WithContext(ctx)
	calls.SetLimit(webhookCalls)
	for _, id := range ids {
		calls.Go(func() error { return l.Client.DeleteDocument(callsCtx, id) })
	}
	return errors.Join(err, calls.Wait())
}

// result reads the receiver. answered is when the deletion of each document was known; nil when that is not measured.
func (l *webhookLoad) result(events int, answered map[string]time.Time) *WebhooksResult {
	res := &WebhooksResult{Events: events, SinceEvent: newHistogram()}
	if answered != nil {
		res.SinceAnswer = newHistogram()
	}
	var first, last time.Time
	l.receiver.each(func(a arrival) {
		if first.IsZero() || a.at.Before(first) {
			first = a.at
		}
		if a.at.After(last) {
			last = a.at
		}
		record(res.SinceEvent, a.at.Sub(a.occurred))
		if known, ok := answered[a.documentID]; ok {
			record(res.SinceAnswer, a.at.Sub(known))
		}
	})
	res.Deliveries, res.Requests = l.receiver.count()
	res.Elapsed = last.Sub(first)
	return res
}

// recorded counts the attempts that the server has written down of the events that came, once all are delivered.
func (l *webhookLoad) recorded(ctx context.Context) (int, error) {
	counts := make([]int, l.Endpoints)
	calls, callsCtx := errgroup.WithContext(ctx)
	calls.SetLimit(webhookCalls / 2)
	for n := range counts {
		calls.Go(func() error {
			inbox := l.receiver.endpoints[n]
			return poll(callsCtx, recordPoll, func() (bool, error) {
				delivered := 0
				counts[n] = 0
				err := l.Client.Deliveries(callsCtx, l.ids[n], "delivered", func(d apiclient.Delivery) error {
					if inbox.has(d.EventID) {
						delivered++
						counts[n] += len(d.Attempts)
					}
					return nil
				})
				return delivered == inbox.events(), err
			})
		})
	}
	err := calls.Wait()
	total := 0
	for _, n := range counts {
		total += n
	}
	return total, err
}
