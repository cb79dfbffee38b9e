package store_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/url"
	"sync/atomic"
	"testing"

	"cognate/internal/store"
)

// What the proxy does to the next COMMIT that passes.
const (
	pass        = iota
	loseRequest // the server never sees it
	loseAnswer  // the server does it, the client never hears of it
)

// proxy stands between a database and its server and cuts connections.
type proxy struct {
	server string
	next   atomic.Int32
	cuts   atomic.Int32
}

func newProxy(t *testing.T, server string) (*proxy, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	p := &proxy{server: server}
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(client)
		}
	}()
	return p, l.Addr().String()
}

func (p *proxy) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", p.server)
	if err != nil {
		return
	}
	defer server.Close()
	var mute atomic.Bool
	go func() {
		defer client.Close()
		buf := make([]byte, 64<<10)
		for {
			n, err := server.Read(buf)
			if err != nil || mute.Load() {
				return
			}
			if _, err := client.Write(buf[:n]); err != nil {
				return
			}
		}
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := client.Read(buf)
		if err != nil {
			return
		}
		if bytes.Contains(buf[:n], []byte("COMMIT\x00")) {
			switch p.next.Swap(pass) {
			case loseRequest:
				p.cuts.Add(1)
				return
			case loseAnswer:
				p.cuts.Add(1)
				mute.Store(true)
			}
		}
		if _, err := server.Write(buf[:n]); err != nil {
			return
		}
	}
}

// A commit whose answer is lost happened once or not at all, and Write finds
// out which (spec/reliability.md R5).
func TestLostCommitAnswersAreResolved(t *testing.T) {
	t.Parallel()
	direct := open(t, "postgres")
	newPool(t, direct)
	address, err := url.Parse(direct.cfg.URL)
	if err != nil {
		t.Fatal(err)
	}
	p, host := newProxy(t, address.Host)
	address.Host = host
	cfg := direct.cfg
	cfg.URL = address.String()
	db := &testDB{DB: reopen(t, cfg), cfg: cfg, clock: direct.clock}

	const writes = 30
	runs := 0
	for i := range writes {
		cut := int32(1 + i%2)
		p.next.Store(cut)
		sub := fmt.Sprintf("s%02d", i)
		ran := 0
		err := tryWrite(t, db, func(ctx context.Context, tx *store.Tx) error {
			ran++
			return tx.InsertUser(ctx, newUser(sub, sub))
		})
		if err != nil {
			t.Errorf("write %d: %v", i, err)
		}
		if want := map[int32]int{loseRequest: 2, loseAnswer: 1}[cut]; ran != want {
			t.Errorf("write %d ran %d times, want %d", i, ran, want)
		}
		runs += ran
	}
	if p.cuts.Load() != writes {
		t.Errorf("%d connections were cut, want %d", p.cuts.Load(), writes)
	}
	if n := tableRows(t, direct)["users"]; n != writes {
		t.Errorf("%d users, want %d (after %d runs)", n, writes, runs)
	}
}
