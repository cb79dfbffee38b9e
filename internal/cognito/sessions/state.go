package sessions

import (
	"encoding/binary"
	"errors"
	"time"
)

// Door is the pair of operations that a sign-in was begun with; it has to be
// continued with the same pair (auth-flows.md §1).
type Door byte

// Steps of a Session outside of a sign-in.
const (
	SigningUp = "SIGN_UP"   // from SignUp
	SignedUp  = "SIGNED_UP" // from ConfirmSignUp; its Factors are what the code of the sign-up proved
)

// The doors: two of the API, and the pages of a pool's domain, where the strings
// never leave the server.
const (
	Public Door = iota + 1 // InitiateAuth, RespondToAuthChallenge
	Admin                  // AdminInitiateAuth, AdminRespondToAuthChallenge
	Pages
)

// PageLife is how long a sign-in on the pages may take in all, and a step of it
// (endpoints.md §6.4).
const PageLife = 5 * time.Minute

// State is what a sealed string says. Only Data has a meaning that depends on
// the step.
type State struct {
	ID       string    // identifies the string for single use; set by Seal and Open
	Step     string    // the challenge that this string answers
	PoolID   string    // pool of the sign-in
	ClientID string    // client of the sign-in
	Sub      string    // the user; empty when nobody has the name
	Username string    // canonical name, or the made-up one of a simulated user
	Login    string    // the name that a user nobody knows gave, folded
	Flow     string    // the AuthFlow that the sign-in began with
	Door     Door      // how the sign-in was begun
	Expires  time.Time // end of validity, to the millisecond
	Factors  []string  // what has been proven so far, in the vocabulary of amr
	Wanted   byte      // the authentication level asked for, 1 to 4; 0: none
	Device   string    // key of the device that the caller claims to use; empty: none
	Proved   bool      // the device has proved itself
	Custom   string    // where a custom sign-in is kept; empty: this is none
	// Validation is the ClientMetadata of the first request as JSON, if a
	// function will be asked.
	Validation string
	// Password stands for the password that was proven; empty: none was. A new
	// one ends the sign-in.
	Password []byte
	Event    string // record of the sign-in, where it is watched; empty: it is not
	Demand   byte   // the further factor that its risk makes necessary; 0: none
	Data     []byte // for the step
}

var errEncoding = errors.New("sessions: state is not well formed")

// encode writes the fields one after another, each text with its length in
// front. ID is not part of it: it stands outside, in clear.
func (s *State) encode() []byte {
	b := make([]byte, 0, 160+len(s.Data))
	b = append(b, byte(s.Door), 0, s.Wanted, s.Demand)
	if s.Proved {
		b[1] = 1
	}
	b = binary.BigEndian.AppendUint64(b, uint64(s.Expires.UnixMilli()))
	for _, text := range []string{s.Step, s.PoolID, s.ClientID, s.Sub, s.Username, s.Login, s.Flow, s.Device, s.Custom, s.Validation, s.Event} {
		b = appendText(b, text)
	}
	b = binary.AppendUvarint(b, uint64(len(s.Factors)))
	for _, f := range s.Factors {
		b = appendText(b, f)
	}
	b = appendText(b, string(s.Password))
	return append(b, s.Data...)
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

func decode(b []byte) (*State, error) {
	const header = 1 + 1 + 1 + 1 + 8
	if len(b) < header {
		return nil, errEncoding
	}
	s := &State{
		Door:    Door(b[0]),
		Proved:  b[1] == 1,
		Wanted:  b[2],
		Demand:  b[3],
		Expires: time.UnixMilli(int64(binary.BigEndian.Uint64(b[4:]))).UTC(),
	}
	r := reader{rest: b[header:]}
	for _, field := range []*string{&s.Step, &s.PoolID, &s.ClientID, &s.Sub, &s.Username, &s.Login, &s.Flow, &s.Device, &s.Custom, &s.Validation, &s.Event} {
		*field = r.text()
	}
	for n := r.number(); n > 0 && !r.failed; n-- {
		s.Factors = append(s.Factors, r.text())
	}
	if password := r.text(); password != "" {
		s.Password = []byte(password)
	}
	if r.failed {
		return nil, errEncoding
	}
	s.Data = r.rest
	return s, nil
}

// reader takes fields off the front of an encoding; after the first mistake it
// gives nothing any more.
type reader struct {
	rest   []byte
	failed bool
}

func (r *reader) number() uint64 {
	n, size := binary.Uvarint(r.rest)
	if r.failed || size <= 0 {
		r.failed = true
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

func (r *reader) text() string {
	n := r.number()
	if r.failed || n > uint64(len(r.rest)) {
		r.failed = true
		return ""
	}
	text := string(r.rest[:n])
	r.rest = r.rest[n:]
	return text
}
