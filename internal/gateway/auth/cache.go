package auth

import (
	"sync"
	"time"

	"cognate/internal/gateway/seal"
)

// cacheBytes bounds half of what is kept of sessions in memory, counted by the
// size of the cookies.
const cacheBytes = 32 << 20

// entry is an opened session with what was made of it.
type entry struct {
	session *session

	mu     sync.Mutex // of the signed claims
	data   string
	signed time.Time
	signer string

	renewal sync.Mutex // of what follows, held while the session is renewed
	next    *renewed
	refused bool // the provider takes the refresh token no longer
	// rotated is the refresh token of a try that failed afterwards. The one in the
	// cookies is used up then.
	rotated string
	failed  error // of the last try
	tried   time.Time
}

// renewed is what a session was renewed to. Requests that were sent with the old
// cookies find it here and need not use the refresh token a second time.
type renewed struct {
	entry *entry
	value string
}

// dataFor gives the signed claims, made anew when they are due.
func (e *entry) dataFor(ring *seal.Ring, signer string, now time.Time) (string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if age := now.Sub(e.signed); e.data != "" && e.signer == signer && age >= 0 && age < dataReuse {
		return e.data, nil
	}
	data, err := signData(ring.SigningKey(now), signer, e.session, now)
	if err != nil {
		return "", err
	}
	e.data, e.signed, e.signer = data, now, signer
	return data, nil
}

// opened is the sessions that were opened with the keys of one ring. When one half
// is full it replaces the other, so what is in use stays.
type opened struct {
	ring *seal.Ring

	mu        sync.Mutex
	young     map[string]*entry
	old       map[string]*entry
	youngSize int
}

func newOpened(ring *seal.Ring) *opened {
	return &opened{ring: ring, young: map[string]*entry{}}
}

// open gives the session of a value that was joined from cookies.
func (o *opened) open(cookieName, value string) (*entry, error) {
	key := cookieName + "\x00" + value
	o.mu.Lock()
	e := o.young[key]
	if e == nil {
		if e = o.old[key]; e != nil {
			o.put(key, e)
		}
	}
	o.mu.Unlock()
	if e != nil {
		return e, nil
	}
	s, err := openSession(o.ring, cookieName, value)
	if err != nil {
		return nil, err
	}
	return o.add(cookieName, value, s), nil
}

// add keeps a session and gives the entry, which is the same for all who add it.
func (o *opened) add(cookieName, value string, s *session) *entry {
	key := cookieName + "\x00" + value
	o.mu.Lock()
	defer o.mu.Unlock()
	if e := o.young[key]; e != nil {
		return e
	}
	e := &entry{session: s}
	o.put(key, e)
	return e
}

func (o *opened) put(key string, e *entry) {
	if o.youngSize += 2 * len(key); o.youngSize > cacheBytes {
		o.old, o.young, o.youngSize = o.young, map[string]*entry{}, 2*len(key)
	}
	o.young[key] = e
}
