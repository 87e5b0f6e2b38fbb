package cache

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
)

// LoadFunc makes an answer. Its context is not the caller's: it carries the
// caller's values, but ends only with LoadTimeout, because others may be waiting
// for the same answer.
type LoadFunc func(ctx context.Context) (Value, error)

// The errors of a load that did not return one itself.
var (
	ErrLoadPanicked = errors.New("cache: the load panicked")
	ErrLoadTimeout  = errors.New("cache: the load took too long")
	errLoadExited   = errors.New("cache: the load ended its goroutine")
)

type loaded struct {
	value Value
	err   error
}

// run calls load so that it returns in any case: with the load's answer, or with
// an error when it panics, ends its goroutine, or is still at it when ctx ends.
func run(ctx context.Context, load LoadFunc, log *slog.Logger) (Value, error) {
	done := make(chan loaded, 1)
	go func() {
		answer := loaded{err: errLoadExited} // stands if load calls runtime.Goexit
		defer func() {
			if r := recover(); r != nil {
				log.ErrorContext(ctx, "a cached load panicked", slog.Any("panic", r), slog.String("stack", string(debug.Stack())))
				answer = loaded{err: fmt.Errorf("%w: %v", ErrLoadPanicked, r)}
			}
			done <- answer
		}()
		answer.value, answer.err = load(ctx)
	}()
	select {
	case answer := <-done:
		return answer.value, answer.err
	case <-ctx.Done():
		return Value{}, fmt.Errorf("%w: %w", ErrLoadTimeout, ctx.Err())
	}
}
