package testidp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
)

// longestDecision bounds the body of a decision, in bytes.
const longestDecision = 64 << 10

// decide serves PUT /_cognate/v1/idps/{kind}/next: who signs in next, and what goes
// wrong. person is a whole one, or for the three the number from 0 or the e-mail
// address; without one it is the first. Nobody is asked then, once.
func (p *Providers) decide(w http.ResponseWriter, r *http.Request) {
	kind := Kind(r.PathValue("kind"))
	if !slices.Contains(kinds, kind) {
		writeJSON(w, http.StatusNotFound, map[string]string{"error": fmt.Sprintf("there is no provider %s; there are %v", kind, kinds)})
		return
	}
	choice, err := readDecision(r.Body, kind)
	if err != nil {
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	p.mu.Lock()
	p.next[kind] = choice
	p.mu.Unlock()
	writeJSON(w, http.StatusOK, choice)
}

func readDecision(body io.Reader, kind Kind) (Choice, error) {
	var in struct {
		Choice
		Person json.RawMessage `json:"person"` // in the place of the other
	}
	d := json.NewDecoder(io.LimitReader(body, longestDecision))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return Choice{}, fmt.Errorf("the body is not what is expected: %w", err)
	}
	choice := in.Choice
	var err error
	if choice.Person, err = readPerson(in.Person); err != nil {
		return Choice{}, err
	}
	return choice, choice.check(kind)
}

// check refuses what a kind cannot do.
func (c *Choice) check(kind Kind) error {
	switch {
	case c.Person.Subject == "":
		return errors.New("a person has to have a subject")
	case c.Failure != "" && !slices.Contains(kind.Failures(), c.Failure):
		return fmt.Errorf("%s has no failure %q; it has %v", kind, c.Failure, kind.Failures())
	case (c.Sign != "" || c.Encrypt != nil) && kind != SAML:
		return fmt.Errorf("sign and encrypt are for %s", SAML)
	case c.Sign != "" && !slices.Contains([]Signing{SignAssertion, SignResponse, SignBoth}, c.Sign):
		return fmt.Errorf("sign is %s, %s or %s", SignAssertion, SignResponse, SignBoth)
	}
	return nil
}

func readPerson(raw json.RawMessage) (Person, error) {
	var number int
	var email string
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return people[0], nil
	case json.Unmarshal(raw, &number) == nil:
		if number < 0 || number >= len(people) {
			return Person{}, fmt.Errorf("the people are numbered from 0 to %d", len(people)-1)
		}
		return people[number], nil
	case json.Unmarshal(raw, &email) == nil:
		if i := slices.IndexFunc(people, func(one Person) bool { return one.Email == email }); i >= 0 {
			return people[i], nil
		}
		return Person{}, errors.New("nobody has the e-mail address " + strconv.Quote(email))
	}
	var one Person
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&one); err != nil {
		return Person{}, fmt.Errorf("the person is not what is expected: %w", err)
	}
	return one, nil
}

// rotate serves POST /_cognate/v1/keys/rotate: all providers get other keys.
func (p *Providers) rotate(w http.ResponseWriter, _ *http.Request) {
	if err := p.Rotate(); err != nil {
		writeJSON(w, http.StatusInternalServerError, map[string]string{"error": err.Error()})
		return
	}
	key, err := p.signer()
	if err != nil {
		writeJSON(w, http.StatusInternalServerError, map[string]string{"error": err.Error()})
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{"kid": key.id})
}
