package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/rustassistant/rustassistant/internal/apiclient"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := beside(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "beside:", err)
		os.Exit(1)
	}
}

// beside runs all of it. An engine that fails is told in the report and does
// not keep the others from being measured; the error is then at the end.
func beside(ctx context.Context, args []string, out, progress io.Writer) error {
	f, err := parseFlags(args, progress)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	r := newReport(f)
	failed := 0
	for _, name := range f.engines {
		e, err := f.open(ctx, name)
		if err != nil {
			return err
		}
		one := measure(ctx, e, f, progress)
		if one.Error != "" {
			failed++
		}
		r.Engines = append(r.Engines, one)
	}
	if err := r.write(out, f.format); err != nil {
		return err
	}
	if failed > 0 {
		return errors.New("not every engine could be measured")
	}
	return nil
}

func measure(ctx context.Context, e engine, f *flags, progress io.Writer) (out engineReport) {
	out.Name = e.name()
	defer func() {
		if err := e.close(ctx); err != nil && out.Error == "" {
			out.Error = err.Error()
		}
	}()
	fmt.Fprintf(progress, "%s: index ...\n", out.Name)
	begin := time.Now()
	n, err := e.index(ctx, &f.corpus)
	if err != nil {
		out.Error = "index: " + err.Error()
		return out
	}
	out.Documents, out.IndexSeconds = n, time.Since(begin).Seconds()
	for _, set := range f.sets {
		for _, clients := range f.clients {
			fmt.Fprintf(progress, "%s: %s, %s ...\n", out.Name, set.name, clientsText(clients))
			m, err := e.search(ctx, load{queries: set.queries, clients: clients, warmup: f.warmup, duration: f.duration})
			if err != nil {
				out.Error = set.name + ": " + err.Error()
				return out
			}
			out.Searches = append(out.Searches, newSearchReport(set.name, clients, m))
		}
	}
	return out
}

// pull turns the documents' iterator inside out.
func pull(c *corpus) (next func() (apiclient.Document, error, bool), stop func()) {
	return iter.Pull2(c.documents())
}
