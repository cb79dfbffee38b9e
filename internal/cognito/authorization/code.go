package authorization

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/sso"
	"cognate/internal/cognito/tokens"
	"cognate/internal/store"
)

// CodeLifetime is how long a code may wait for its exchange (endpoints.md §3.5).
const CodeLifetime = 5 * time.Minute

// The kinds of tickets of this package. Both go by the digest of a code.
const (
	codeKind  = "oauth-code"
	spentKind = "oauth-code-spent" // what came of a code, in pools that watch for replays
)

// code is what an authorization code stands for. It is bound to all of it (S005).
type code struct {
	ClientID, RedirectURI string
	Challenge             string `json:",omitzero"`
	Nonce                 string `json:",omitzero"`
	Resource              string `json:",omitzero"`
	Scopes                []string

	Sub, SSOID string
	SSOUntil   time.Time // the end of that session
	EventID    string    `json:",omitzero"`
	Factors    []string
	Level      tokens.Level `json:",omitzero"`
	AuthAt     time.Time
}

func codeFor(r *Request, session *sso.Session) *code {
	return &code{
		ClientID: r.Client.ID, RedirectURI: r.RedirectURI, Challenge: r.CodeChallenge, Nonce: r.Nonce, Resource: r.Resource, Scopes: r.Scopes,
		Sub: session.Sub, SSOID: session.ID, SSOUntil: session.ExpiresAt, EventID: session.EventID,
		Factors: session.Factors, Level: session.Level(), AuthAt: session.AuthAt,
	}
}

// newCode makes a code for a session and keeps what it stands for.
func (o *Operations) newCode(ctx context.Context, r *Request, session *sso.Session) (string, error) {
	doc, err := json.Marshal(codeFor(r, session))
	if err != nil {
		return "", fmt.Errorf("describe a code: %w", err)
	}
	text := newCodeText()
	_, err = store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		err := tx.PutTicket(ctx, store.Ticket{
			PoolID: r.Client.PoolID, Kind: codeKind, ID: codeID(text), Doc: doc, ExpiresAt: o.Now().Add(CodeLifetime),
		})
		if err != nil {
			return struct{}{}, err
		}
		return struct{}{}, o.Sessions.Used(ctx, tx, session.SSOSession)
	})
	return text, err
}

// newCodeText makes the text of a code. It looks like the UUIDs of the service,
// but all its 128 bits are random (S036).
func newCodeText() string {
	var b [16]byte
	rand.Read(b[:]) // documented never to fail
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// codeForm is the exact form of codes; anything else is unknown without asking
// the database (S006).
var codeForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// codeID is what the database holds of a code.
func codeID(text string) string {
	d := sha256.Sum256([]byte(text))
	return hex.EncodeToString(d[:])
}

// CodeExchange is a token request with a code.
type CodeExchange struct {
	Client                      *directory.Client // authenticated
	Code, RedirectURI, Verifier string
}

// Issued is what a token request is answered with.
type Issued struct {
	tokens.Pair
	RefreshToken string // empty: none is given
}

// ExchangeCode gives tokens for a code, once. A request that does not fit the code
// uses it up (endpoints.md §4.4). Its refusals are a *Refusal.
func (o *Operations) ExchangeCode(ctx context.Context, in CodeExchange) (*Issued, error) {
	switch {
	case !OAuthEnabled(in.Client) || !allowed(in.Client, api.OAuthFlowTypeCode):
		return nil, &Refusal{Code: UnauthorizedClient}
	case in.Code == "" || in.RedirectURI == "":
		return nil, &Refusal{Code: InvalidRequest}
	case !codeForm.MatchString(in.Code):
		return nil, &Refusal{Code: InvalidGrant}
	}
	var nonce string
	begun, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*start, error) {
		c, err := o.take(ctx, tx, &in)
		if err != nil {
			return nil, err
		}
		if refused := c.refuses(&in); refused != nil {
			return nil, store.CommitWith(refused)
		}
		if err := o.outlived(ctx, tx, in.Client, c); err != nil {
			return nil, spent(err)
		}
		nonce = c.Nonce
		s, err := o.begin(ctx, tx, in.Client, c, true)
		if err != nil {
			return nil, spent(err)
		}
		return s, o.remember(ctx, tx, &in, s.family)
	})
	if err != nil {
		return nil, err
	}
	pair, err := o.mint(ctx, in.Client, begun, nonce)
	if err != nil {
		return nil, inTokenTerms(err)
	}
	return &Issued{Pair: *pair, RefreshToken: begun.refreshToken}, nil
}

// spent keeps a code used up although the answer is a refusal.
func spent(err error) error {
	if refused, ok := err.(*Refusal); ok { //nolint:errorlint // begin does not wrap it
		return store.CommitWith(refused)
	}
	return err
}

// outlived refuses a code whose browser has signed out since, or had its session
// revoked (S005). A session whose time ran out meanwhile does no harm.
func (o *Operations) outlived(ctx context.Context, tx *store.Tx, client *directory.Client, c *code) error {
	if !o.Now().Before(c.SSOUntil) {
		return nil
	}
	there, err := tx.HasSSOSession(ctx, client.PoolID, c.SSOID)
	if err != nil || there {
		return err
	}
	return &Refusal{Code: InvalidGrant}
}

// take uses a code up; of many exchanges at a time one finds it (S004).
func (o *Operations) take(ctx context.Context, tx *store.Tx, in *CodeExchange) (*code, error) {
	ticket, found, err := tx.TakeTicket(ctx, in.Client.PoolID, codeKind, codeID(in.Code))
	switch {
	case err != nil:
		return nil, err
	case !found:
		return nil, o.replayed(ctx, tx, in)
	}
	var c code
	if err := json.Unmarshal(ticket.Doc, &c); err != nil {
		return nil, fmt.Errorf("read a code: %w", err)
	}
	return &c, nil
}

// refuses compares an exchange with what the code was issued for.
func (c *code) refuses(in *CodeExchange) *Refusal {
	switch {
	case c.ClientID != in.Client.ID || !c.verified(in.Verifier):
		return &Refusal{Code: InvalidGrant}
	case c.RedirectURI != in.RedirectURI:
		return &Refusal{Code: UnauthorizedClient}
	case tokens.Unreadable(c.Scopes, in.Client.Readable) != "":
		return &Refusal{Code: InvalidGrant}
	}
	return nil
}

var verifierForm = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`)

// verified reports whether a verifier goes with the code's challenge; without a
// challenge there must be none (S003).
func (c *code) verified(verifier string) bool {
	if c.Challenge == "" {
		return verifier == ""
	}
	if !verifierForm.MatchString(verifier) {
		return false
	}
	d := sha256.Sum256([]byte(verifier))
	return subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(d[:])), []byte(c.Challenge)) == 1
}

// replayMemory is how long a pool that watches for replays remembers which tokens
// came of a code.
const replayMemory = 24 * time.Hour

// remember keeps which tokens came of a code, where a replay is to end them.
func (o *Operations) remember(ctx context.Context, tx *store.Tx, in *CodeExchange, f *store.Family) error {
	if !in.Client.Pool.EndsReplayedCodes() {
		return nil
	}
	return tx.PutTicket(ctx, store.Ticket{
		PoolID: f.PoolID, Kind: spentKind, ID: codeID(in.Code), Doc: []byte(f.ID), ExpiresAt: o.Now().Add(replayMemory),
	})
}

// replayed refuses a code that is not there. As the service has it, the tokens of a
// first exchange stay; in pools that want it otherwise, they end when the code
// comes a second time from the client it was issued to (S004).
func (o *Operations) replayed(ctx context.Context, tx *store.Tx, in *CodeExchange) error {
	refused := &Refusal{Code: InvalidGrant}
	if !in.Client.Pool.EndsReplayedCodes() {
		return refused
	}
	ticket, found, err := tx.Ticket(ctx, in.Client.PoolID, spentKind, codeID(in.Code))
	if err != nil || !found {
		return orError(err, refused)
	}
	family, found, err := tx.Family(ctx, ticket.PoolID, string(ticket.Doc))
	if err != nil || !found || family.ClientID != in.Client.ID {
		return orError(err, refused)
	}
	if _, err := tx.RevokeFamily(ctx, family.PoolID, family.ID, o.Now()); err != nil {
		return err
	}
	return store.CommitWith(refused)
}

func orError(err error, refused *Refusal) error {
	if err != nil {
		return err
	}
	return refused
}
