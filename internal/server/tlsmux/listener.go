package tlsmux

import (
	"crypto/tls"
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// handshakeRecord is the first byte of every TLS connection.
const handshakeRecord = 0x16

// New gives a listener whose connections are TLS with the given settings where
// the client begins a handshake, and plain where it sends anything else. A
// client that sends nothing for patience is cut off; until then it keeps nobody
// else waiting.
func New(inner net.Listener, settings *tls.Config, patience time.Duration) net.Listener {
	l := &listener{
		inner: inner, settings: settings, patience: patience,
		ready: make(chan net.Conn), failed: make(chan error), closed: make(chan struct{}),
		silent: map[net.Conn]struct{}{},
	}
	go l.run()
	return l
}

type listener struct {
	inner    net.Listener
	settings *tls.Config
	patience time.Duration

	ready  chan net.Conn // that have said what they speak
	failed chan error    // of accepting
	closed chan struct{}
	once   sync.Once

	mu     sync.Mutex
	silent map[net.Conn]struct{} // that have said nothing yet; nil when closed
}

// Accept waits for a connection whose client has said something.
func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.ready:
		return c, nil
	case err := <-l.failed:
		return nil, err
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Addr is the address of the port.
func (l *listener) Addr() net.Addr { return l.inner.Addr() }

// Close ends Accept and the connections that it has not given out.
func (l *listener) Close() error {
	err := net.ErrClosed
	l.once.Do(func() {
		err = l.inner.Close()
		close(l.closed)
		l.mu.Lock()
		defer l.mu.Unlock()
		for c := range l.silent {
			_ = c.Close()
		}
		l.silent = nil
	})
	return err
}

// run accepts connections and listens to each on its own. Errors go to the
// caller of Accept, who decides whether to go on.
func (l *listener) run() {
	for {
		c, err := l.inner.Accept()
		if err == nil {
			go l.listen(c)
			continue
		}
		select {
		case l.failed <- err:
		case <-l.closed:
			return
		}
		if errors.Is(err, net.ErrClosed) {
			return
		}
	}
}

// listen waits for the first byte of a connection and hands it on.
func (l *listener) listen(c net.Conn) {
	if !l.remember(c) {
		_ = c.Close()
		return
	}
	first, err := l.firstByte(c)
	if !l.forget(c) || err != nil {
		_ = c.Close()
		return
	}
	var heard net.Conn = &conn{Conn: c, first: first, held: true}
	if first == handshakeRecord {
		heard = tls.Server(heard, l.settings)
	}
	select {
	case l.ready <- heard:
	case <-l.closed:
		_ = c.Close()
	}
}

func (l *listener) firstByte(c net.Conn) (byte, error) {
	if err := c.SetReadDeadline(time.Now().Add(l.patience)); err != nil {
		return 0, err
	}
	var b [1]byte
	for {
		n, err := c.Read(b[:])
		if n == 1 {
			return b[0], c.SetReadDeadline(time.Time{})
		}
		if err != nil {
			return 0, err
		}
	}
}

func (l *listener) remember(c net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.silent == nil {
		return false
	}
	l.silent[c] = struct{}{}
	return true
}

func (l *listener) forget(c net.Conn) (open bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.silent, c)
	return l.silent != nil
}

// conn is a connection whose first byte was read.
type conn struct {
	net.Conn

	first byte
	held  bool // first has not been given out
}

// Read gives out the first byte, then what follows. Like the reads of any
// stream, calls must not overlap.
func (c *conn) Read(b []byte) (int, error) {
	if !c.held {
		return c.Conn.Read(b)
	}
	if len(b) == 0 {
		return 0, nil
	}
	b[0], c.held = c.first, false
	return 1, nil
}

// CloseWrite lets net/http say its last word to a client that still sends.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return os.ErrInvalid
}
