package gateway

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// The load balancer's idle_timeout, from where the target begins to answer: an
// exchange in which nothing moves for so long is ended. Before that the limits are
// those of the body, the transport and the port.

// limit calls end once nothing has moved for the listener's idle time.
func (e *exchange) limit(end func()) {
	e.silence.Store(time.AfterFunc(e.listener.idle, end))
}

// moved puts the end off when some bytes went to or fro.
func (e *exchange) moved(n int) {
	if silence := e.silence.Load(); silence != nil && n > 0 {
		silence.Reset(e.listener.idle)
	}
}

// unlimit is for exchanges that are over.
func (e *exchange) unlimit() {
	if silence := e.silence.Load(); silence != nil {
		silence.Stop()
	}
}

// limited bounds the silence of an answer. That of an upgraded connection is bounded
// once there is one, see recorder.Hijack.
func (e *exchange) limited(body io.ReadCloser) io.ReadCloser {
	if both, ok := body.(io.ReadWriteCloser); ok {
		e.upgrade = &upgrade{both, e}
		return e.upgrade
	}
	if body == http.NoBody {
		return body
	}
	e.limit(func() { body.Close() })
	return &answerBody{body, e}
}

// answerBody is what a target answers.
type answerBody struct {
	io.ReadCloser
	e *exchange
}

// Read notes that the target is not silent.
func (b *answerBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.e.moved(n)
	return n, err
}

// upgrade is the target's side of an upgraded connection, through which every byte
// of both directions goes.
type upgrade struct {
	io.ReadWriteCloser
	e *exchange
}

// Read counts what goes to the client.
func (u *upgrade) Read(p []byte) (int, error) {
	n, err := u.ReadWriteCloser.Read(p)
	u.e.moved(n)
	u.e.sent.Add(int64(n))
	return n, err
}

// Write counts what comes from the client.
func (u *upgrade) Write(p []byte) (int, error) {
	n, err := u.ReadWriteCloser.Write(p)
	u.e.moved(n)
	u.e.received.Add(int64(n))
	return n, err
}

// CloseWrite passes on that the client is done, where the connection can.
func (u *upgrade) CloseWrite() error {
	if half, ok := u.ReadWriteCloser.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}
