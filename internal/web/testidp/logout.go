package testidp

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"

	"github.com/beevik/etree"

	"cognate/internal/protocol/saml"
	"cognate/internal/protocol/saml/samltest"
)

// logoutMessage is a LogoutRequest, or a LogoutResponse.
type logoutMessage struct {
	XMLName  xml.Name
	ID       string   `xml:"ID,attr"`
	Issuer   string   `xml:"urn:oasis:names:tc:SAML:2.0:assertion Issuer"`
	NameID   string   `xml:"urn:oasis:names:tc:SAML:2.0:assertion NameID"`
	Sessions []string `xml:"urn:oasis:names:tc:SAML:2.0:protocol SessionIndex"`
	Status   struct {
		Code struct {
			Value string `xml:"Value,attr"`
		} `xml:"urn:oasis:names:tc:SAML:2.0:protocol StatusCode"`
	} `xml:"urn:oasis:names:tc:SAML:2.0:protocol Status"`
}

// slo takes a pool's request to end a session, and its answers to ours. Both are
// signed.
func (p *Providers) slo(w http.ResponseWriter, r *http.Request) {
	read, message, err := p.readSLO(r)
	if err != nil {
		fail(w, http.StatusBadRequest, "This is no message about logout: "+err.Error())
		return
	}
	if read.IsResponse {
		render(w, http.StatusOK, "signedout.html", view{Pool: message.Issuer, Status: message.Status.Code.Value})
		return
	}
	session, ok := p.endSession(message)
	if !ok {
		fail(w, http.StatusNotFound, "Nobody of that name is signed in here for this pool.")
		return
	}
	entity, _, err := p.entity()
	if err != nil {
		fail(w, http.StatusInternalServerError, err.Error())
		return
	}
	answer, err := entity.LogoutResponse(session.slo(), message.ID, p.now())
	if err != nil {
		fail(w, http.StatusInternalServerError, err.Error())
		return
	}
	p.post(w, session.slo(), logoutForm("SAMLResponse", answer, read.RelayState))
}

func (p *Providers) readSLO(r *http.Request) (*saml.Redirect, *logoutMessage, error) {
	read, err := saml.ReadRedirect(r.URL.RawQuery, nil)
	if err != nil {
		return nil, nil, err
	}
	message := &logoutMessage{}
	//nolint:gosec // its size is bounded, and it is read into text
	if err := xml.Unmarshal(read.Message, message); err != nil {
		return nil, nil, fmt.Errorf("read a SAML message: %w", err)
	}
	want := "LogoutRequest"
	if read.IsResponse {
		want = "LogoutResponse"
	}
	if message.XMLName.Local != want {
		return nil, nil, fmt.Errorf("it is a %s", message.XMLName.Local)
	}
	pool, err := p.poolOf(r.Context(), message.Issuer)
	if err != nil {
		return nil, nil, err
	}
	_, err = saml.ReadRedirect(r.URL.RawQuery, pool.signers)
	return read, message, err
}

// endSession forgets the session that a request means.
func (p *Providers) endSession(message *logoutMessage) (samlSession, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, index := range message.Sessions {
		if session, ok := p.sessions[index]; ok && session.NameID == message.NameID && session.SP == message.Issuer {
			delete(p.sessions, index)
			return session, true
		}
	}
	return samlSession{}, false
}

// signOut ends a session from here: the pool is asked to end its own.
func (p *Providers) signOut(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	session, ok := p.sessions[r.PostFormValue("session")]
	delete(p.sessions, session.Index)
	p.mu.Unlock()
	if !ok {
		fail(w, http.StatusNotFound, "That session has ended.")
		return
	}
	entity, _, err := p.entity()
	if err != nil {
		fail(w, http.StatusInternalServerError, err.Error())
		return
	}
	request, err := entity.LogoutRequest(session.slo(), session.NameID, []string{session.Index}, p.now())
	if err != nil {
		fail(w, http.StatusInternalServerError, err.Error())
		return
	}
	p.post(w, session.slo(), logoutForm("SAMLRequest", request, ""))
}

func logoutForm(parameter string, message *etree.Element, relayState string) url.Values {
	form := url.Values{parameter: {samltest.Post(message)}}
	if relayState != "" {
		form.Set("RelayState", relayState)
	}
	return form
}
