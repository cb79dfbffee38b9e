package authorization

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/directory"
	"cognate/internal/store"
	"cognate/internal/store/storetest"
)

const (
	poolID   = "us-east-1_AbCdEf123"
	clientID = "1example23456789"
	callback = "https://app.example.com/callback"
	base     = "https://shop.auth.example.com"
)

// endpoints is a pool with one client and managed login.
func endpoints(t testing.TB) (*Operations, *directory.Domain) {
	t.Helper()
	db := storetest.Open(t, time.Now)
	_, err := store.Write(t.Context(), db, func(ctx context.Context, tx *store.Tx) (bool, error) {
		pool := &store.Pool{ID: poolID, Settings: store.PoolSettings{Pool: api.UserPoolType{SchemaAttributes: attributes.Standard()}}}
		if err := tx.InsertPool(ctx, pool, nil); err != nil {
			return false, err
		}
		client := &store.Client{PoolID: poolID, ID: clientID, Settings: api.UserPoolClientType{
			SupportedIdentityProviders: []string{"COGNITO"}, AllowedOAuthFlowsUserPoolClient: new(true),
			AllowedOAuthFlows:  []api.OAuthFlowType{api.OAuthFlowTypeCode, api.OAuthFlowTypeImplicit},
			AllowedOAuthScopes: []string{"openid", "email"}, CallbackURLs: []string{callback, "http://localhost:4000/cb?x=1"},
		}}
		if err := tx.InsertClient(ctx, client); err != nil {
			return false, err
		}
		return tx.InsertDomain(ctx, &store.Domain{
			Name: "shop", PoolID: poolID, Kind: store.DomainPrefix, Settings: store.DomainSettings{ManagedLoginVersion: 2},
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	o := &Operations{DB: db, Now: time.Now, Directory: directory.New(db, time.Now)}
	domain, err := o.Directory.Domain(t.Context(), "shop")
	if err != nil {
		t.Fatal(err)
	}
	return o, domain
}

func good() url.Values {
	return url.Values{"client_id": {clientID}, "redirect_uri": {callback}, "response_type": {"code"}, "state": {"s"}}
}

func TestCheckReadsARequest(t *testing.T) {
	t.Parallel()
	o, domain := endpoints(t)
	query := good()
	for name, value := range map[string]string{
		"scope": "openid", "nonce": "n", "lang": "de", "login_hint": "ana", "prompt": "select_account consent", "max_age": "60",
		"acr_values": "unknown urn:cognito:loa:3", "resource": "https://api.example.com", "identity_provider": "COGNITO", "unknown": "kept",
	} {
		query.Set(name, value)
	}
	r, err := o.Check(t.Context(), domain, base, query)
	if err != nil {
		t.Fatal(err)
	}
	if r.State != "s" || !r.HasState || r.Nonce != "n" || r.Lang != "de" || r.LoginHint != "ana" || len(r.Prompt) != 2 || *r.MaxAge != time.Minute ||
		len(r.ACRValues) != 1 || r.level() != 3 || r.Resource != "https://api.example.com" || r.Provider != "COGNITO" || r.Query.Get("unknown") != "kept" {
		t.Errorf("%+v", r)
	}
}

// The order of endpoints.md §3.2: what is wrong first decides.
func TestCheckRefusesInOrder(t *testing.T) {
	t.Parallel()
	o, domain := endpoints(t)
	query := good()
	query.Set("response_type", "nothing")
	query.Set("scope", "phone")
	query.Set("code_challenge", "x")
	for _, step := range []struct {
		name, value string
		code, text  string
	}{
		{"response_type", "code", "invalid_request", ""},
		{"scope", "openid", "invalid_request", "invalid_scope"},
		{"code_challenge", "", "invalid_request", ""},
	} {
		_, err := o.Check(t.Context(), domain, base, query)
		refused, ok := errors.AsType[*Refusal](err)
		if !ok || refused.Code != step.code || refused.Description != step.text || !strings.HasPrefix(refused.Location, callback+"?") {
			t.Errorf("before %s is right: %+v", step.name, err)
		}
		query.Set(step.name, step.value)
	}
	if _, err := o.Check(t.Context(), domain, base, query); err != nil {
		t.Error(err)
	}
}

// Where users come from (endpoints.md §3.1, §3.2): by name, by identifier, or from the
// only provider that a client has.
func TestCheckFindsTheProvider(t *testing.T) {
	t.Parallel()
	o, domain := endpoints(t)
	_, err := store.Write(t.Context(), o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		for name, identifier := range map[string]string{"Corp": "corp.example.com", "Other": "other.example.com"} {
			p := &store.IdentityProvider{
				PoolID: poolID, Name: name, Type: api.IdentityProviderTypeTypeSaml, Settings: store.ProviderSettings{Identifiers: []string{identifier}},
			}
			if err := tx.InsertIdentityProvider(ctx, p); err != nil {
				return struct{}{}, err
			}
		}
		for id, providers := range map[string][]string{"1both": {"COGNITO", "Corp"}, "1corp": {"Corp"}} {
			client := &store.Client{PoolID: poolID, ID: id, Settings: api.UserPoolClientType{
				SupportedIdentityProviders: providers, AllowedOAuthFlowsUserPoolClient: new(true),
				AllowedOAuthFlows: []api.OAuthFlowType{api.OAuthFlowTypeCode}, AllowedOAuthScopes: []string{"openid"}, CallbackURLs: []string{callback},
			}}
			if err := tx.InsertClient(ctx, client); err != nil {
				return struct{}{}, err
			}
		}
		return struct{}{}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	classic := *domain
	classic.Settings.ManagedLoginVersion = 1
	for _, tt := range []struct {
		domain              *directory.Domain
		client, name, value string
		want                string
		next                Next
	}{
		{domain, "1both", "x", "y", "", ShowLogin},
		{domain, "1both", "identity_provider", "Corp", "Corp", ToProvider},
		{domain, "1both", "identity_provider", "COGNITO", "COGNITO", ShowLogin},
		{domain, "1both", "idp_identifier", "corp.example.com", "Corp", ToProvider},
		{domain, "1both", "idp_identifier", "other.example.com", "", Refuse}, // not the client's
		{domain, "1both", "idp_identifier", "Corp", "", Refuse},
		{domain, "1both", "identity_provider", "corp.example.com", "", Refuse},
		{domain, "1corp", "x", "y", "Corp", ToProvider},
		{&classic, "1corp", "x", "y", "", ShowLogin},
		{&classic, "1corp", "identity_provider", "Corp", "Corp", ToProvider},
	} {
		query := good()
		query.Set("client_id", tt.client)
		query.Set(tt.name, tt.value)
		r, err := o.Check(t.Context(), tt.domain, base, query)
		if tt.next == Refuse {
			if refused, ok := errors.AsType[*Refusal](err); !ok || refused.Description != "Identity provider does not exist" {
				t.Errorf("%s at %s: %v", tt.value, tt.client, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s at %s: %v", tt.value, tt.client, err)
			continue
		}
		next, err := o.Decide(t.Context(), r, nil)
		if r.Provider != tt.want || next != tt.next || err != nil {
			t.Errorf("%s at %s: from %q, then %d, want %q and %d; %v", tt.value, tt.client, r.Provider, next, tt.want, tt.next, err)
		}
	}
}

// fuzzCheck judges a request and checks what must hold of every answer: a browser
// goes to the client's own address or to the error page, and what is granted was
// asked for and allowed.
func fuzzCheck(t *testing.T, o *Operations, domain *directory.Domain, query url.Values) {
	t.Helper()
	r, err := o.Check(t.Context(), domain, base, query)
	if err != nil {
		refused, ok := errors.AsType[*Refusal](err)
		if !ok {
			t.Fatalf("%q: %v", query.Encode(), err)
		}
		at := refused.Location
		if !strings.HasPrefix(at, callback+"?") && !strings.HasPrefix(at, callback+"#") && !strings.HasPrefix(at, "http://localhost:4000/cb?x=1&") &&
			!strings.HasPrefix(at, "http://localhost:4000/cb?x=1#") && !strings.HasPrefix(at, base+"/error?") {
			t.Fatalf("%q: sent to %q", query.Encode(), at)
		}
		if strings.ContainsAny(at, "\r\n\x00 <>\"") {
			t.Fatalf("%q: unsafe location %q", query.Encode(), at)
		}
		return
	}
	if r.RedirectURI != callback && r.RedirectURI != "http://localhost:4000/cb?x=1" || query.Get("redirect_uri") != r.RedirectURI {
		t.Fatalf("%q: takes %q", query.Encode(), r.RedirectURI)
	}
	for _, scope := range r.Scopes {
		asked := strings.Fields(query.Get("scope"))
		if scope != "openid" && scope != "email" || len(asked) > 0 && !strings.Contains(query.Get("scope"), scope) {
			t.Fatalf("%q: grants %q", query.Encode(), r.Scopes)
		}
	}
}

func FuzzAuthorizeQuery(f *testing.F) {
	o, domain := endpoints(f)
	f.Add(good().Encode())
	f.Add(good().Encode() + "&scope=openid+email&code_challenge_method=S256&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
	f.Add("client_id=" + clientID + "&redirect_uri=" + callback + "%0d%0a&response_type=token&prompt=none+login&max_age=-1&resource=http://x")
	f.Add("client_id=%00&client_id=x&state=%ff&state=y")
	f.Fuzz(func(t *testing.T, raw string) {
		query, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		fuzzCheck(t, o, domain, query)
	})
}

// FuzzRedirectURI looks for another text than the registered ones that passes for
// one (S001).
func FuzzRedirectURI(f *testing.F) {
	o, domain := endpoints(f)
	for _, address := range []string{callback, callback + "/", "HTTPS://app.example.com/callback", "https://app.example.com/%63allback", callback + "#", "\t" + callback, "http://localhost:4000/cb?x=1"} {
		f.Add(address, "code")
		f.Add(address, "token")
	}
	f.Fuzz(func(t *testing.T, address, kind string) {
		query := good()
		query.Set("redirect_uri", address)
		query.Set("response_type", kind)
		fuzzCheck(t, o, domain, query)
	})
}

func TestS036CodesDoNotRepeat(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for range 20_000 {
		text := newCodeText()
		if !codeForm.MatchString(text) || seen[text] {
			t.Fatalf("code %s", text)
		}
		seen[text] = true
	}
}
