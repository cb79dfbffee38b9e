package auth

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// poolSite is the installation of a pool.
type poolSite struct {
	mu     sync.Mutex
	now    time.Time
	secret string
	ill    bool
	asked  int
	last   *http.Request
	body   string
}

func (s *poolSite) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	s.last = r
	body, err := io.ReadAll(r.Body)
	if err != nil || s.ill {
		return nil, errors.Join(err, errors.New("nobody there"))
	}
	s.body = string(body)
	if s.secret == "" {
		return says(400, `{"__type":"ResourceNotFoundException","message":"User pool client c does not exist."}`), nil
	}
	return says(200, `{"UserPoolClient":{"ClientId":"c","ClientSecret":"`+s.secret+`"}}`), nil
}

func (s *poolSite) time() time.Time { return s.now }

func (s *poolSite) pool(domain string) *Pool {
	return NewPool(Installation{
		PublicURL: "https://id.example.com:7665", IssuerURL: "https://cognito-idp.{region}.amazonaws.com/{userPoolId}", DomainSuffix: "auth.example.com",
		HTTP: &http.Client{Transport: s}, Now: s.time,
		Credentials: func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIAEXAMPLE", SecretAccessKey: "s"}, nil
		},
	}, "eu-west-1", "eu-west-1_Abc", "c", domain)
}

func TestPoolIsAsked(t *testing.T) {
	t.Parallel()
	s := &poolSite{now: time.Unix(1_800_000_000, 0), secret: "one"}
	pool := s.pool("shop")
	p, err := pool.Provider(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	base := "https://shop.auth.example.com:7665/oauth2/"
	if p.Issuer != "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc" || p.AuthorizationEndpoint != base+"authorize" || p.TokenEndpoint != base+"token" ||
		p.UserInfoEndpoint != base+"userInfo" || p.ClientID != "c" || p.ClientSecret != "one" || p.SecretInBody {
		t.Errorf("%+v", p)
	}
	if pool.keys.URL != "https://id.example.com:7665/eu-west-1_Abc/.well-known/jwks.json" {
		t.Errorf("keys at %s", pool.keys.URL)
	}
	if r := s.last; r.Method != http.MethodPost || r.URL.String() != "https://id.example.com:7665/" || s.body != `{"ClientId":"c","UserPoolId":"eu-west-1_Abc"}` ||
		r.Header.Get("X-Amz-Target") != "AWSCognitoIdentityProviderService.DescribeUserPoolClient" ||
		!strings.Contains(r.Header.Get("Authorization"), "Credential=AKIAEXAMPLE/") || !strings.Contains(r.Header.Get("Authorization"), "/eu-west-1/cognito-idp/aws4_request") {
		t.Errorf("asked %s %v %s", r.URL, r.Header, s.body)
	}
	if p, _ = s.pool("login.example.org").Provider(t.Context()); p.TokenEndpoint != "https://login.example.org:7665/oauth2/token" {
		t.Errorf("a custom domain is at %s", p.TokenEndpoint)
	}
}

func TestPoolIsAskedAgain(t *testing.T) {
	t.Parallel()
	s := &poolSite{now: time.Unix(1_800_000_000, 0), secret: "one"}
	pool := s.pool("shop")
	want := func(what, secret string, asked int) {
		t.Helper()
		p, err := pool.Provider(t.Context())
		if err != nil || p.ClientSecret != secret || s.asked != asked {
			t.Errorf("%s: %+v %v, asked %d times, want %s and %d", what, p, err, s.asked, secret, asked)
		}
	}
	want("at first", "one", 1)
	s.secret = "two"
	want("at once", "one", 1)
	s.now = s.now.Add(clientAge)
	want("after a minute", "two", 2)
	s.secret = "three"
	p, _ := pool.Provider(t.Context())
	pool.Refused(p)
	want("the secret was refused within a second", "two", 2)
	s.now = s.now.Add(clientPause)
	want("and after it", "three", 3)
	s.ill = true
	s.now = s.now.Add(clientAge)
	want("the installation is away", "three", 4)
	want("the installation is away", "three", 4)
}

// While the pool cannot be asked, requests do not wait one behind the other.
func TestPoolThatNeverAnswers(t *testing.T) {
	t.Parallel()
	s := &poolSite{now: time.Unix(1_800_000_000, 0), ill: true}
	pool := s.pool("shop")
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			if p, err := pool.Provider(t.Context()); err == nil {
				t.Errorf("%+v", p)
			}
		})
	}
	wait.Wait()
	if s.asked != 1 {
		t.Errorf("asked %d times", s.asked)
	}
	s.ill = false
	s.now = s.now.Add(clientPause)
	if _, err := pool.Provider(t.Context()); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("no such client: %v", err)
	}
	s.secret, s.now = "one", s.now.Add(clientPause)
	if p, err := pool.Provider(t.Context()); err != nil || p.ClientSecret != "one" {
		t.Errorf("%+v %v", p, err)
	}
}
