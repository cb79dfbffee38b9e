package main

import (
	"bytes"
	"testing"
	"time"
)

func TestProgressSaysHowLongItWillTake(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]*progress{
		"users [###...........................] 100/1000, 50/s, 18s left": {what: "users", total: 1000, done: 100},
		"users [..............................] 0/1000, 0/s, ? left":      {what: "users", total: 1000},
		"users 100, 50/s": {what: "users", done: 100},
		"bytes 20, 10/s":  {what: "bytes", total: 10, done: 20}, // more than was thought
	} {
		if got := p.line(2 * time.Second); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestProgressIsShownAfterAWhileOnly(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	now := time.Unix(0, 0)
	p := &progress{out: &out, what: "users", total: 100, now: func() time.Time { return now }, began: now}
	p.add(1)
	now = now.Add(progressAfter)
	p.add(1)
	p.add(1) // too soon for another look
	p.end()
	if got, want := out.String(), "\r"+"users [..............................] 2/100, 1/s, 1m38s left\x1b[K\r\x1b[K"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
