package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// domainOf is the pool seen through its domain: one client for people, one for
// machines. It is made when the first flow needs it.
type domainOf struct {
	once    sync.Once
	err     error
	base    string
	people  string // client without a secret
	machine string // client_id and client_secret, as a form
}

const (
	benchPrefix   = "bench"
	benchCallback = "https://app.example.com/callback"
	benchScope    = "https://bench.example.com/read"
)

func (d *domainOf) ready(ctx context.Context, w *world) error {
	d.once.Do(func() { d.err = d.make(ctx, w) })
	return d.err
}

func (d *domainOf) make(ctx context.Context, w *world) error {
	d.base = w.endpoint + "/_domains/" + benchPrefix
	if _, err := w.api.CreateUserPoolDomain(ctx, &cip.CreateUserPoolDomainInput{UserPoolId: &w.poolID, Domain: aws.String(benchPrefix), ManagedLoginVersion: aws.Int32(2)}); err != nil {
		return fmt.Errorf("create the domain: %w", err)
	}
	_, err := w.api.CreateResourceServer(ctx, &cip.CreateResourceServerInput{
		UserPoolId: &w.poolID, Identifier: aws.String("https://bench.example.com"), Name: aws.String("bench"),
		Scopes: []types.ResourceServerScopeType{{ScopeName: aws.String("read"), ScopeDescription: aws.String("read")}},
	})
	if err != nil {
		return fmt.Errorf("create the resource server: %w", err)
	}
	people, err := w.api.CreateUserPoolClient(ctx, &cip.CreateUserPoolClientInput{
		UserPoolId: &w.poolID, ClientName: aws.String("people"), CallbackURLs: []string{benchCallback},
		SupportedIdentityProviders: []string{"COGNITO"}, AllowedOAuthFlowsUserPoolClient: true,
		AllowedOAuthFlows: []types.OAuthFlowType{types.OAuthFlowTypeCode}, AllowedOAuthScopes: []string{"openid", "email"},
	})
	if err != nil {
		return fmt.Errorf("create the client for people: %w", err)
	}
	d.people = *people.UserPoolClient.ClientId
	_, err = w.api.CreateManagedLoginBranding(ctx, &cip.CreateManagedLoginBrandingInput{UserPoolId: &w.poolID, ClientId: &d.people, UseCognitoProvidedValues: true})
	if err != nil {
		return fmt.Errorf("create the style: %w", err)
	}
	machine, err := w.api.CreateUserPoolClient(ctx, &cip.CreateUserPoolClientInput{
		UserPoolId: &w.poolID, ClientName: aws.String("machine"), GenerateSecret: true, AllowedOAuthFlowsUserPoolClient: true,
		AllowedOAuthFlows: []types.OAuthFlowType{types.OAuthFlowTypeClientCredentials}, AllowedOAuthScopes: []string{benchScope},
	})
	if err != nil {
		return fmt.Errorf("create the client for machines: %w", err)
	}
	d.machine = url.Values{"client_id": {*machine.UserPoolClient.ClientId}, "client_secret": {*machine.UserPoolClient.ClientSecret}}.Encode()
	return nil
}

// visitor is a browser with a session, and an application behind it.
type visitor struct {
	http   *http.Client
	access string
	codes  []string // redirects with codes that are not exchanged yet
}

// newStranger is a browser without cookies.
func (d *domainOf) newStranger(w *world) func(context.Context, int) (any, error) {
	return func(ctx context.Context, _ int) (any, error) {
		return &visitor{http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2}}}, d.ready(ctx, w)
	}
}

// firstPage shows the sign-in page of managed login, which begins a transaction.
func (d *domainOf) firstPage(ctx context.Context, state any, _ int64) error {
	_, body, err := state.(*visitor).send(ctx, http.MethodGet, d.base+"/login?"+d.query(), "")
	if err == nil && !bytes.Contains(body, []byte(`name="password"`)) {
		err = errors.New("the sign-in page asks for no password")
	}
	return err
}

// newVisitor signs a user in on the page of managed login.
func (d *domainOf) newVisitor(w *world) func(context.Context, int) (any, error) {
	return func(ctx context.Context, client int) (any, error) {
		if err := d.ready(ctx, w); err != nil {
			return nil, err
		}
		jar, err := cookiejar.New(nil)
		if err != nil {
			return nil, err
		}
		v := &visitor{http: &http.Client{
			Jar:           jar,
			Transport:     &http.Transport{MaxIdleConnsPerHost: 2},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}}
		page := d.base + "/login?" + d.query()
		if _, _, err := v.send(ctx, http.MethodGet, page, ""); err != nil {
			return nil, err
		}
		at, err := url.Parse(page)
		if err != nil {
			return nil, err
		}
		form := url.Values{"username": {username(client)}, "password": {password}}
		for _, c := range jar.Cookies(at) {
			if c.Name == "XSRF-TOKEN" {
				form.Set("_csrf", c.Value)
			}
		}
		location, _, err := v.send(ctx, http.MethodPost, page, form.Encode())
		if err != nil {
			return nil, err
		}
		v.access, err = d.exchange(ctx, v, location)
		return v, err
	}
}

func (d *domainOf) query() string {
	return url.Values{"client_id": {d.people}, "response_type": {"code"}, "redirect_uri": {benchCallback}, "scope": {"openid email"}}.Encode()
}

func (v *visitor) send(ctx context.Context, method, address, form string) (location string, body []byte, err error) {
	r, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form))
	if err != nil {
		return "", nil, err
	}
	if form != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if method == http.MethodGet && v.access != "" && strings.HasSuffix(address, "/oauth2/userInfo") {
		r.Header.Set("Authorization", "Bearer "+v.access)
	}
	answer, err := v.http.Do(r)
	if err != nil {
		return "", nil, err
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	if body, err = io.ReadAll(answer.Body); err != nil {
		return "", nil, err
	}
	if answer.StatusCode >= http.StatusBadRequest {
		return "", nil, fmt.Errorf("%s %s: %s %s", method, r.URL.Path, answer.Status, body)
	}
	return answer.Header.Get("Location"), body, nil
}

// exchange exchanges the code in a redirect.
func (d *domainOf) exchange(ctx context.Context, v *visitor, location string) (access string, err error) {
	back, err := url.Parse(location)
	if err != nil {
		return "", err
	}
	form := url.Values{
		"grant_type": {"authorization_code"}, "client_id": {d.people}, "redirect_uri": {benchCallback}, "code": {back.Query().Get("code")},
	}
	_, body, err := v.send(ctx, http.MethodPost, d.base+"/oauth2/token", form.Encode())
	if err != nil {
		return "", err
	}
	var got struct {
		Access string `json:"access_token"`
	}
	if err := json.Unmarshal(body, &got); err != nil || got.Access == "" {
		return "", fmt.Errorf("no token in %s: %w", body, err)
	}
	return got.Access, nil
}

func (d *domainOf) authorize(ctx context.Context, state any, _ int64) error {
	_, err := d.code(ctx, state.(*visitor))
	return err
}

func (d *domainOf) code(ctx context.Context, v *visitor) (location string, err error) {
	location, _, err = v.send(ctx, http.MethodGet, d.base+"/oauth2/authorize?"+d.query(), "")
	if err == nil && !strings.HasPrefix(location, benchCallback) {
		err = fmt.Errorf("no code: sent to %s", location)
	}
	return location, err
}

// newCodes signs a user in and fetches codes ahead, so that exchanging them can be
// measured by itself: enough for one client alone, and for one of many.
func (d *domainOf) newCodes(w *world) func(context.Context, int) (any, error) {
	visit := d.newVisitor(w)
	return func(ctx context.Context, client int) (any, error) {
		state, err := visit(ctx, client)
		if err != nil {
			return nil, err
		}
		v, ahead := state.(*visitor), 300
		if client == 0 {
			ahead = 3000
		}
		for range ahead {
			location, err := d.code(ctx, v)
			if err != nil {
				return nil, err
			}
			v.codes = append(v.codes, location)
		}
		return v, nil
	}
}

func (d *domainOf) exchangeNext(ctx context.Context, state any, _ int64) error {
	v := state.(*visitor)
	if len(v.codes) == 0 { // a faster machine: the code is measured with it
		location, err := d.code(ctx, v)
		if err != nil {
			return err
		}
		v.codes = append(v.codes, location)
	}
	next := v.codes[0]
	v.codes = v.codes[1:]
	_, err := d.exchange(ctx, v, next)
	return err
}

func (d *domainOf) userInfo(ctx context.Context, state any, _ int64) error {
	_, _, err := state.(*visitor).send(ctx, http.MethodGet, d.base+"/oauth2/userInfo", "")
	return err
}

func (d *domainOf) clientCredentials(ctx context.Context, state any, _ int64) error {
	_, _, err := state.(*visitor).send(ctx, http.MethodPost, d.base+"/oauth2/token", "grant_type=client_credentials&"+d.machine)
	return err
}
