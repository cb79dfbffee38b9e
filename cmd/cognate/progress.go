package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

const (
	// progressAfter is how long work takes before a bar is worth it.
	progressAfter = 2 * time.Second
	// progressEvery is the time between two looks of the bar.
	progressEvery = 200 * time.Millisecond
	barWidth      = 30
)

// progress shows on a terminal how far work has come, at what rate, and how long
// it will take. Elsewhere it shows nothing.
type progress struct {
	out          io.Writer // nil: shows nothing
	what         string
	total, done  int64 // total 0: not known
	began, drawn time.Time
	now          func() time.Time
}

// newProgress shows work on the terminal that w is, if it is one.
func newProgress(w io.Writer, what string, total int64) *progress {
	p := &progress{what: what, total: total, now: time.Now}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.out = w
	}
	p.began = p.now()
	return p
}

// add says that n more are done.
func (p *progress) add(n int) {
	p.done += int64(n)
	now := p.now()
	if p.out == nil || now.Sub(p.began) < progressAfter || now.Sub(p.drawn) < progressEvery {
		return
	}
	p.drawn = now
	fmt.Fprintf(p.out, "\r%s\x1b[K", p.line(now.Sub(p.began)))
}

// line is what is shown when so much time has passed.
func (p *progress) line(passed time.Duration) string {
	rate := float64(p.done) / max(passed.Seconds(), 0.001)
	if p.total <= 0 || p.done > p.total {
		return fmt.Sprintf("%s %d, %.0f/s", p.what, p.done, rate)
	}
	filled := int(p.done * barWidth / p.total)
	left := "?"
	if rate > 0 {
		left = time.Duration(float64(p.total-p.done) / rate * float64(time.Second)).Round(time.Second).String()
	}
	return fmt.Sprintf("%s [%s%s] %d/%d, %.0f/s, %s left", p.what, strings.Repeat("#", filled), strings.Repeat(".", barWidth-filled),
		p.done, p.total, rate, left)
}

// end clears the bar.
func (p *progress) end() {
	if p.out != nil && !p.drawn.IsZero() {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}
