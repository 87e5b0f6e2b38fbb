package importer

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// Progress is how far an import is. Counts are documents.
type Progress struct {
	Accepted, Searchable, Failures int
	// Share of the work that is done, 0 to 1, or negative if it is not known.
	Share   float64
	Rate    float64 // documents a second that become searchable
	Left    time.Duration
	Elapsed time.Duration
}

// Display shows the progress of an import.
type Display interface {
	// Interval is how often it wants to be told.
	Interval() time.Duration
	Update(Progress)
	// Close leaves the last progress standing.
	Close()
}

// show tells the display until the returned function is called.
func (im *importer) show() func() {
	if im.Display == nil {
		return func() {}
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(im.Display.Interval())
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				im.Display.Update(im.progress())
			}
		}
	})
	return func() {
		close(done)
		wg.Wait()
		im.Display.Update(im.progress())
		im.Display.Close()
	}
}

// progress extrapolates from the part of the input that was read to the whole.
func (im *importer) progress() Progress {
	c, input := im.report.read()
	p := Progress{
		Accepted: c.total(), Searchable: max(c.searchable(), 0), Failures: c.rejected + c.failed,
		Share: -1, Elapsed: time.Since(im.report.begin),
	}
	finished := p.Searchable + p.Failures
	if im.NoWait || im.DryRun {
		finished = p.Accepted + p.Failures
	}
	fresh := float64(finished - c.known)
	if seconds := p.Elapsed.Seconds(); seconds > 0 && fresh > 0 {
		p.Rate = fresh / seconds
	}
	if size := im.source.size(); size > 0 && input > 0 {
		expected := float64(p.Accepted+c.rejected) * float64(size) / float64(min(input, size))
		p.Share = min(float64(finished)/max(expected, 1), 1)
		if p.Rate > 0 {
			p.Left = time.Duration(max(expected-float64(finished), 0) / p.Rate * float64(time.Second))
		}
	}
	return p
}

func (p Progress) String() string {
	s := fmt.Sprintf("accepted %s  searchable %s", thousands(p.Accepted), thousands(p.Searchable))
	if p.Failures > 0 {
		s += "  failed " + thousands(p.Failures)
	}
	s += fmt.Sprintf("  %s/s", thousands(int(p.Rate)))
	if p.Left >= time.Second && p.Share < 1 {
		s += "  " + p.Left.Round(time.Second).String() + " left"
	}
	return s
}

// NewBar draws one line on a terminal.
func NewBar(w io.Writer) Display {
	return &bar{progressbar.NewOptions(1000,
		progressbar.OptionSetWriter(w), progressbar.OptionSetWidth(24), progressbar.OptionSetPredictTime(false),
		progressbar.OptionSetElapsedTime(false), progressbar.OptionShowDescriptionAtLineEnd(), progressbar.OptionUseANSICodes(true),
		progressbar.OptionThrottle(50*time.Millisecond), progressbar.OptionOnCompletion(func() {}),
		progressbar.OptionSetTheme(progressbar.ThemeUnicode)), w}
}

type bar struct {
	*progressbar.ProgressBar
	w io.Writer
}

func (b *bar) Interval() time.Duration { return 200 * time.Millisecond }

func (b *bar) Update(p Progress) {
	b.Describe(p.String())
	if p.Share >= 0 {
		_ = b.Set(min(int(p.Share*1000), 999))
	}
}

func (b *bar) Close() {
	_ = b.Exit()
	fmt.Fprintln(b.w)
}

// NewLines writes a line now and then, for logs.
func NewLines(w io.Writer) Display { return &lines{w: w} }

type lines struct {
	w    io.Writer
	last string
}

func (l *lines) Interval() time.Duration { return 5 * time.Second }

func (l *lines) Update(p Progress) {
	s := p.String()
	if p.Share >= 0 {
		s = fmt.Sprintf("%3.0f %%  %s", p.Share*100, s)
	}
	if s != l.last {
		fmt.Fprintln(l.w, s)
		l.last = s
	}
}

func (l *lines) Close() {}

// thousands writes 1234567 as 1,234,567.
func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
