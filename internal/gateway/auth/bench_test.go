package auth

import (
	"fmt"
	"net/http"
	"testing"
)

// What a request with a session costs beside proxying: 60 µs at most are allowed,
// with the signature that is made once a minute.
func BenchmarkDecide(b *testing.B) {
	for _, size := range []int{300, 4000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			w := newStand(b)
			w.userInfo = func(string) *http.Response { return says(200, `{"sub":"u-1","x":"`+noise(size)+`"}`) }
			r := request("/a", w.signIn(b))
			b.ReportAllocs()
			for b.Loop() {
				if o := w.Decide(b.Context(), w.action, r); o.Identity == nil {
					b.Fatal(o)
				}
			}
		})
	}
}

// A session that is not in memory: after a start, or at another gateway.
func BenchmarkOpen(b *testing.B) {
	w := newStand(b)
	r := request("/a", w.signIn(b))
	ring := w.opened.Load().ring
	for b.Loop() {
		w.SetRing(ring)
		if o := w.Decide(b.Context(), w.action, r); o.Identity == nil {
			b.Fatal(o)
		}
	}
}
