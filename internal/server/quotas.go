package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"cognate/internal/api"
	"cognate/internal/cognito/limits"
	"cognate/internal/cognito/quotas"
	"cognate/internal/web/awsapi"
	"cognate/internal/web/domainhost"
	"cognate/internal/web/oauth"
)

// preset is what requests are counted by: generous in serve and nothing in dev,
// where the settings say nothing else.
func (c Config) preset() (quotas.Preset, error) {
	switch {
	case c.Quotas != "":
		return quotas.PresetNamed(c.Quotas)
	case c.Mode == Dev:
		return quotas.PresetNamed(quotas.Off)
	}
	return quotas.PresetNamed(quotas.Generous)
}

func (c Config) ceilings() (map[quotas.Category]int64, error) {
	ceilings := make(map[quotas.Category]int64, len(c.QuotaCeilings))
	for name, rate := range c.QuotaCeilings {
		category := quotas.Category(name)
		if floor, ok := quotas.DefaultRate(category); !ok || int64(rate) < floor {
			return nil, fmt.Errorf("quota ceiling %s=%d: give a category of the service and no less than its default", name, rate)
		}
		ceilings[category] = int64(rate)
	}
	return ceilings, nil
}

// openQuotas makes the counters of this node.
func (s *Server) openQuotas(ctx context.Context) (*quotas.Nodes, error) {
	preset, err := s.cfg.preset()
	if err != nil {
		return nil, err
	}
	nodes := &quotas.Nodes{
		Quotas: &quotas.Quotas{Preset: preset, Now: s.cfg.Now},
		DB:     s.db, Node: uuid.NewString(), Alone: s.db.Engine() == "sqlite" || preset == quotas.Preset{},
	}
	if err := nodes.Load(ctx); err != nil {
		return nil, fmt.Errorf("read provisioned limits: %w", err)
	}
	return nodes, nil
}

// limitAPI counts a request of the API of user pools, identity pools or STS.
func (p *parts) limitAPI(ctx context.Context, r awsapi.Limited) error {
	switch r.Service {
	case "cognito-identity":
		return p.limitIdentityPools(ctx, r)
	case "sts":
		return p.limitSTS(ctx, r)
	}
	request := quotas.Request{Category: quotas.Of(r.Operation), Operation: r.Operation, User: r.Username}
	if r.PoolID != "" {
		if pool, err := p.directory.Pool(ctx, r.PoolID); err == nil { // else the operation says what is wrong
			request.PoolID = pool.ID
		}
	}
	if r.Challenge == string(api.ChallengeNameTypeNewPasswordRequired) {
		request.Category = quotas.UserAccountRecovery
	}
	if r.PoolID == "" && r.ClientID != "" {
		if client, err := p.directory.Client(ctx, r.ClientID); err == nil { // as above
			request.PoolID = client.PoolID
		}
	}
	if r.AccessToken != "" {
		digest := sha256.Sum256([]byte(r.AccessToken))
		request.User = hex.EncodeToString(digest[:])
	}
	if !r.Signed {
		request.Source = limits.Source(ctx)
	}
	return p.quotas.Take(request)
}

func (p *parts) limitIdentityPools(ctx context.Context, r awsapi.Limited) error {
	request := quotas.Request{Category: quotas.OfIdentityPools(r.Operation), Operation: r.Operation}
	if r.PoolID != "" {
		if pool, err := p.directory.IdentityPool(ctx, r.PoolID); err == nil { // as above
			request.PoolID = pool.ID
		}
	}
	if !r.Signed {
		request.Source = limits.Source(ctx)
	}
	return p.quotas.Take(request)
}

func (p *parts) limitSTS(ctx context.Context, r awsapi.Limited) error {
	request := quotas.Request{Category: quotas.SecurityTokens, Operation: r.Operation}
	if !r.Signed {
		request.Source = limits.Source(ctx)
	}
	return p.quotas.Take(request)
}

// pageCategories are the categories of what browsers and clients ask a domain for,
// by method and path in small letters. The token endpoint says itself what it is
// asked for.
var pageCategories = map[string]quotas.Category{
	"GET /oauth2/authorize":       quotas.UserAuthentication,
	"GET /authorize":              quotas.UserAuthentication,
	"GET /login":                  quotas.UserAuthentication,
	"POST /login":                 quotas.UserAuthentication,
	"POST /passkeys/add":          quotas.UserResourceUpdate,
	"GET /signup":                 quotas.UserCreation,
	"POST /signup":                quotas.UserCreation,
	"POST /confirm":               quotas.UserCreation,
	"GET /confirmuser":            quotas.UserCreation,
	"POST /resendcode":            quotas.UserResourceRead,
	"GET /resendcode":             quotas.UserResourceRead,
	"POST /forgotpassword":        quotas.UserAccountRecovery,
	"POST /confirmforgotpassword": quotas.UserAccountRecovery,
	"GET /oauth2/idpresponse":     quotas.UserFederation,
	"POST /oauth2/idpresponse":    quotas.UserFederation,
	"POST /saml2/idpresponse":     quotas.UserFederation,
	"POST /saml2/logout":          quotas.UserFederation,
	"GET /oauth2/userinfo":        quotas.UserRead,
	"POST /oauth2/userinfo":       quotas.UserRead,
	"POST /oauth2/revoke":         quotas.UserToken,
	"POST /oauth2/register":       quotas.UserPoolClientUpdate,
}

// limitPages counts requests to domains before they are served.
func (p *parts) limitPages(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		category, counted := pageCategories[r.Method+" "+strings.ToLower(r.URL.Path)]
		site := domainhost.From(r.Context())
		if !counted || site == nil {
			next.ServeHTTP(w, r)
			return
		}
		err := p.quotas.Take(quotas.Request{Category: category, PoolID: site.Domain.PoolID, Source: limits.Source(r.Context())})
		if err == nil {
			next.ServeHTTP(w, r)
			return
		}
		domainhost.SetHeaders(w.Header())
		w.Header().Set("Retry-After", "1")
		if strings.HasPrefix(r.URL.Path, "/oauth2/") && category != quotas.UserFederation && category != quotas.UserAuthentication {
			w.Header().Set("Access-Control-Allow-Origin", "*")
			oauth.TooManyRequests(w)
			return
		}
		http.Error(w, "Too many requests. Wait a moment and try again.", http.StatusTooManyRequests)
	})
}

// limitGrant counts a request to the token endpoint of a pool's domain.
func (p *parts) limitGrant(ctx context.Context, poolID, grantType string) bool {
	request := quotas.Request{Category: quotas.UserAuthentication, PoolID: poolID, Source: limits.Source(ctx)}
	switch grantType {
	case "client_credentials":
		request.Category = quotas.ClientAuthentication
	case quotas.CodeGrant:
		request.Operation = quotas.CodeGrant
	}
	return p.quotas.Take(request) == nil
}
