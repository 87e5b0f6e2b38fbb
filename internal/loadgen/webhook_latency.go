package loadgen

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// deleters bounds the deletions at the same time. What is due while all are busy waits, and its latency counts from when
// it was answered all the same: the delivery is what is measured.
const deleters = 4

// WebhookLatency makes events at a rate, by deleting documents one by one, and measures when their first attempt comes.
// A deletion's event is written in the deletion's own transaction and costs no workflow.
func WebhookLatency(ctx context.Context, o WebhooksOptions) (res *WebhooksResult, err error) {
	events := int(o.Rate * o.Duration.Seconds())
	if events <= 0 {
		return nil, errors.New("rate and duration have to make at least one event")
	}
	l, err := openWebhooks(ctx, o, "document.deleted")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.close(ctx)) }()
	ids, err := l.searchableDocuments(ctx, events+1)
	if err != nil {
		return nil, err
	}
	if err := l.warmUp(ctx, ids[0]); err != nil {
		return nil, err
	}
	ids = ids[1:]
	memory := watchMemory(ctx, o.Processes)
	defer memory()
	answered, err := l.deleteAtRate(ctx, ids)
	if err != nil {
		return nil, err
	}
	if err := l.receiver.wait(ctx, events*o.Endpoints); err != nil {
		return nil, err
	}
	res = l.result(events, answered)
	res.Memory = memory()
	res.Recorded, err = l.recorded(ctx)
	return res, err
}

// warmUp sends each endpoint one event, which starts its workflow: a benchmark of 100 endpoints would else measure how fast
// Temporal starts 100 workflows in the same moment.
func (l *webhookLoad) warmUp(ctx context.Context, id string) error {
	if err := l.Client.DeleteDocument(ctx, id); err != nil {
		return err
	}
	if err := l.receiver.wait(ctx, l.Endpoints); err != nil {
		return fmt.Errorf("warm up: %w", err)
	}
	l.receiver.forget()
	return nil
}

// searchableDocuments indexes documents to delete and names them.
func (l *webhookLoad) searchableDocuments(ctx context.Context, n int) ([]string, error) {
	before, err := l.Client.Stats(ctx)
	if err != nil {
		return nil, err
	}
	if err := l.indexDocuments(ctx, n, "latency"); err != nil {
		return nil, err
	}
	err = poll(ctx, 50*time.Millisecond, func() (bool, error) {
		now, err := l.Client.Stats(ctx)
		return err == nil && now.Documents.Searchable >= before.Documents.Searchable+n, err
	})
	if err != nil {
		return nil, fmt.Errorf("index the documents to delete: %w", err)
	}
	ids, err := l.documents(ctx)
	if err == nil && len(ids) < n {
		err = fmt.Errorf("the tenant lists %d of %d documents", len(ids), n)
	}
	return ids[:min(n, len(ids))], err
}

// deleteAtRate deletes documents in an open loop and says when each deletion was answered.
func (l *webhookLoad) deleteAtRate(ctx context.Context, ids []string) (map[string]time.Time, error) {
	var mu sync.Mutex
	answered := make(map[string]time.Time, len(ids))
	calls, callsCtx := errgroup.WithContext(ctx)
	calls.SetLimit(deleters)
	begin := time.Now()
	for n, id := range ids {
		due := begin.Add(time.Duration(float64(n) / l.Rate * float64(time.Second)))
		select {
		case <-time.After(time.Until(due)):
		case <-callsCtx.Done():
			return nil, errors.Join(calls.Wait(), ctx.Err())
		}
		calls.Go(func() error {
			err := l.Client.DeleteDocument(callsCtx, id)
			at := time.Now()
			mu.Lock()
			defer mu.Unlock()
			answered[id] = at
			return err
		})
	}
	return answered, calls.Wait()
}
