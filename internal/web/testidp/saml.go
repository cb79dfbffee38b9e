package testidp

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/beevik/etree"
	"github.com/google/uuid"

	"cognate/internal/protocol/saml"
	"cognate/internal/protocol/saml/samltest"
)

// persistent is the format of the names that the SAML provider gives.
const persistent = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"

// samlRequest is what a pool asks, or would ask if the provider did not begin.
type samlRequest struct {
	id         string // empty: the provider begins
	sp         string // entity of the pool
	acs        string // where the response goes
	relayState string
}

// samlResponse is a response that is ready to be sent.
type samlResponse struct {
	message     string // base64
	plain       string // what is said, before it is signed and encrypted
	sealed      string // the whole as it is sent
	assertionID string // empty: there is none
	session     samlSession
}

// samlSession is somebody who is signed in at the SAML provider, for a pool.
type samlSession struct {
	Index, NameID, Email string
	SP, ACS              string
	At                   time.Time
}

// slo is where the pool takes messages about logout.
func (s samlSession) slo() string {
	return strings.TrimSuffix(s.ACS, "/saml2/idpresponse") + "/saml2/logout"
}

func (p *Providers) registerSAML(mux *http.ServeMux, page, program func(http.HandlerFunc) http.Handler) {
	mux.Handle("GET /_cognate/idp/saml/metadata", program(p.metadata))
	mux.Handle("GET /_cognate/idp/saml/sso", page(p.sso))
	mux.Handle("GET /_cognate/idp/saml/slo", page(p.slo))
	mux.Handle("POST /_cognate/idp/saml/begin", page(p.begin))
	mux.Handle("POST /_cognate/idp/saml/sign-out", page(p.signOut))
}

func (p *Providers) metadata(w http.ResponseWriter, _ *http.Request) {
	entity, former, err := p.entity()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/samlmetadata+xml")
	if former != nil {
		_, _ = w.Write(entity.Metadata(former))
		return
	}
	_, _ = w.Write(entity.Metadata())
}

// sso takes a request to sign in (SAML bindings §3.4). A signature has to be good,
// and there if the pool says that it signs.
func (p *Providers) sso(w http.ResponseWriter, r *http.Request) {
	v, err := p.readSSO(r)
	if err != nil {
		fail(w, http.StatusBadRequest, "This is no request to sign in: "+err.Error())
		return
	}
	p.arrived(w, r, v, false)
}

func (p *Providers) readSSO(r *http.Request) (*visit, error) {
	read, err := saml.ReadRedirect(r.URL.RawQuery, nil)
	if err != nil {
		return nil, err
	}
	var request struct {
		XMLName xml.Name `xml:"urn:oasis:names:tc:SAML:2.0:protocol AuthnRequest"`
		ID      string   `xml:"ID,attr"`
		ACS     string   `xml:"AssertionConsumerServiceURL,attr"`
		Issuer  string   `xml:"urn:oasis:names:tc:SAML:2.0:assertion Issuer"`
	}
	//nolint:gosec // its size is bounded, and it is read into text
	if err := xml.Unmarshal(read.Message, &request); err != nil {
		return nil, fmt.Errorf("read a SAML request: %w", err)
	}
	if request.ID == "" || !webAddress(request.ACS) {
		return nil, errors.New("it has no ID or no AssertionConsumerServiceURL")
	}
	pool, err := p.poolOf(r.Context(), request.Issuer)
	if err != nil {
		return nil, err
	}
	signed := r.URL.Query().Has("Signature")
	if pool.signs && !signed {
		return nil, errors.New("the pool says that it signs its requests, and did not sign this one")
	}
	if signed {
		if _, err := saml.ReadRedirect(r.URL.RawQuery, pool.signers); err != nil {
			return nil, err
		}
	}
	return &visit{kind: SAML, at: p.now(), clientID: request.Issuer, redirectURI: request.ACS, saml: &samlRequest{
		id: request.ID, sp: request.Issuer, acs: request.ACS, relayState: read.RelayState,
	}}, nil
}

// respond makes the response of a visit.
func (p *Providers) respond(ctx context.Context, v *visit) (*samlResponse, error) {
	failure := v.choice.Failure
	if failure == RotatedKey {
		if err := p.rotateSAML(); err != nil {
			return nil, err
		}
	}
	entity, _, err := p.entity()
	if err != nil {
		return nil, err
	}
	a := samltest.Answer{ACS: v.saml.acs, Audience: v.saml.sp, InResponseTo: v.saml.id, Now: p.now(), Format: persistent}
	if failure == Denied {
		return read(entity.Failure(a, "Responder", "The user denied the request"), &samlResponse{})
	}
	one := v.choice.person()
	made := &samlResponse{session: samlSession{
		Index: "_" + uuid.NewString(), NameID: one.Subject, Email: one.Email, SP: v.saml.sp, ACS: v.saml.acs, At: p.now(),
	}}
	a.NameID, a.Attributes = one.Subject, v.choice.samlAttributes()
	a.SignResponse = v.choice.Sign == SignResponse || v.choice.Sign == SignBoth
	a.SignAssertion = v.choice.Sign != SignResponse
	if err := p.seal(ctx, v, &a); err != nil {
		return nil, err
	}
	if entity, err = p.spoil(&entity, &a, failure); err != nil {
		return nil, err
	}
	a.Edit = func(response *etree.Element) {
		p.edit(response, v, made)
		made.plain = indented(response)
	}
	response, err := entity.Response(a)
	if err != nil {
		return nil, err
	}
	return read(response, made)
}

// seal has the assertion encrypted if that was chosen, or the pool insists.
func (p *Providers) seal(ctx context.Context, v *visit, a *samltest.Answer) error {
	wanted := v.choice.Encrypt
	if wanted != nil && !*wanted {
		return nil
	}
	pool, err := p.poolOf(ctx, v.saml.sp)
	switch {
	case err != nil:
		return err
	case wanted == nil && !pool.wantsEncrypted:
		return nil
	case pool.encryption == nil:
		return errors.New("the pool has no provider with this metadata, and so no certificate to encrypt for")
	}
	a.EncryptFor = pool.encryption
	return nil
}

// spoil does what failures have wrong in the whole response.
func (p *Providers) spoil(entity *samltest.Provider, a *samltest.Answer, failure Failure) (samltest.Provider, error) {
	spoilt := *entity
	switch failure {
	case Expired:
		a.Now = a.Now.Add(-time.Hour)
	case NotYetValid:
		a.Now = a.Now.Add(time.Hour)
	case WrongAudience:
		a.Audience += "-else"
	case WrongIssuer:
		spoilt.EntityID = "https://issuer.example/saml"
	case WrongRequest:
		a.InResponseTo = "_" + uuid.NewString()
	case NoSignature:
		a.SignResponse, a.SignAssertion = false, false
	case UnknownKey, BadSignature:
		other, err := p.newSAMLKeys()
		if err != nil {
			return spoilt, err
		}
		if spoilt.Key = other.key; failure == UnknownKey {
			spoilt.Certificate = other.certificate
		}
	default: // a detail of the assertion, see edit
	}
	return spoilt, nil
}

// edit changes details of a response before it is signed.
func (p *Providers) edit(response *etree.Element, v *visit, made *samlResponse) {
	assertion := response.FindElement("saml:Assertion")
	if v.choice.Failure == Replayed {
		p.mu.Lock()
		if last := p.sent[v.saml.acs]; last != "" {
			assertion.CreateAttr("ID", last)
		}
		p.mu.Unlock()
	}
	if v.choice.Failure == WrongRecipient {
		assertion.FindElement("saml:Subject/saml:SubjectConfirmation/saml:SubjectConfirmationData").
			CreateAttr("Recipient", "https://recipient.example/saml2/idpresponse")
	}
	assertion.FindElement("saml:AuthnStatement").CreateAttr("SessionIndex", made.session.Index)
	made.assertionID = assertion.SelectAttrValue("ID", "")
}

func read(response *etree.Element, made *samlResponse) (*samlResponse, error) {
	made.message, made.sealed = samltest.Post(response), string(samltest.Bytes(response))
	if made.plain == "" {
		made.plain = indented(response)
	}
	if len(made.message) > saml.MaxMessage {
		return nil, errors.New("the claims are too long for an assertion")
	}
	return made, nil
}

func indented(e *etree.Element) string {
	doc := etree.NewDocumentWithRoot(e.Copy())
	doc.Indent(2)
	text, err := doc.WriteToString()
	if err != nil {
		return err.Error()
	}
	return text
}

// samlAttributes are the attributes of an assertion, in the order of their names.
// Lists have a value for each entry; what is no text is written as JSON.
func (c *Choice) samlAttributes() []samltest.Attribute {
	said := c.attributes(SAML)
	list := make([]samltest.Attribute, 0, len(said))
	for _, name := range slices.Sorted(maps.Keys(said)) {
		one := samltest.Attribute{Name: name}
		switch value := said[name].(type) {
		case []string:
			one.Values = value
		case []any:
			for _, v := range value {
				one.Values = append(one.Values, plainText(v))
			}
		default:
			one.Values = []string{plainText(value)}
		}
		list = append(list, one)
	}
	return list
}

func plainText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	}
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// answered gives the form of a prepared response, and remembers that it was sent.
func (p *Providers) answered(v *visit) url.Values {
	p.mu.Lock()
	defer p.mu.Unlock()
	if id := v.response.assertionID; id != "" {
		if len(p.sessions) >= mostVisits {
			clear(p.sessions)
			clear(p.sent)
		}
		if v.choice.Failure == "" { // what was refused can be sent again
			p.sent[v.saml.acs] = id
		}
		p.sessions[v.response.session.Index] = v.response.session
	}
	form := url.Values{"SAMLResponse": {v.response.message}}
	if v.saml.relayState != "" {
		form.Set("RelayState", v.saml.relayState)
	}
	return form
}
