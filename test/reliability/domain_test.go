package reliability

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/store"
	"cognate/internal/store/pgtest"
)

const (
	domainPrefix   = "shop"
	domainCallback = "https://app.example.com/callback"
)

// visitor is a browser whose requests any node may get, as behind a load balancer
// that does not keep people to one.
type visitor struct {
	http   *http.Client
	client string
	csrf   string
}

// at sends a request to a node under the one name that all of them have, and gives
// the answer with its body.
func (v *visitor) at(t *testing.T, n *node, method, path string, query, form url.Values) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, n.endpoint+"/_domains/"+domainPrefix+path+"?"+query.Encode(), strings.NewReader(form.Encode()))
	must(t, err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	// The cookies of the visitor belong to the name, not to a node.
	shared, err := url.Parse("http://localhost/_domains/" + domainPrefix + path)
	must(t, err)
	for _, c := range v.http.Jar.Cookies(shared) {
		r.AddCookie(c)
	}
	bare := &http.Client{Transport: v.http.Transport, Timeout: v.http.Timeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := bare.Do(r)
	must(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	must(t, err)
	v.http.Jar.SetCookies(shared, answer.Cookies())
	if m := csrfOnPage.FindStringSubmatch(string(body)); m != nil {
		v.csrf = m[1]
	}
	return answer, string(body)
}

var csrfOnPage = regexp.MustCompile(`name="_csrf" value="([^"]+)"`)

func (v *visitor) query() url.Values {
	return url.Values{"client_id": {v.client}, "response_type": {"code"}, "redirect_uri": {domainCallback}, "scope": {"openid"}, "state": {"s"}}
}

// code reads the code of a redirect to the application.
func code(t *testing.T, answer *http.Response, body string) string {
	t.Helper()
	to, err := answer.Location()
	if err != nil || !strings.HasPrefix(to.String(), domainCallback) || to.Query().Get("code") == "" {
		t.Fatalf("no code: %s %v %s", answer.Status, to, body)
	}
	return to.Query().Get("code")
}

func (v *visitor) exchange(t *testing.T, n *node, code string) (status int, got map[string]any) {
	t.Helper()
	answer, body := v.at(t, n, http.MethodPost, "/oauth2/token", nil, url.Values{
		"grant_type": {"authorization_code"}, "client_id": {v.client}, "redirect_uri": {domainCallback}, "code": {code},
	})
	must(t, json.Unmarshal([]byte(body), &got))
	return answer.StatusCode, got
}

// A sign-in on the pages may change nodes at every step, and a node that is killed
// in the middle takes nothing along: neither the transaction, nor the session of
// the browser, nor a code that it gave out.
func TestSignInsOnPagesChangeNodes(t *testing.T) {
	t.Parallel()
	address, schema := pgtest.Schema(t)
	key := filepath.Join(t.TempDir(), "master.key")
	if _, err := store.LoadOrCreateMasterKey(key); err != nil {
		t.Fatal(err)
	}
	start := func() *node {
		return startNode(t, freeEndpoint(t), "--database-url", withSchema(t, address, schema), "--master-key-file", key, "--public-url", "http://localhost")
	}
	first, second := start(), start()
	ctx := t.Context()
	poolID, clientID := first.makePool(ctx, t, &cip.CreateUserPoolClientInput{
		SupportedIdentityProviders: []string{"COGNITO"}, CallbackURLs: []string{domainCallback},
		AllowedOAuthFlowsUserPoolClient: true, AllowedOAuthFlows: []types.OAuthFlowType{types.OAuthFlowTypeCode}, AllowedOAuthScopes: []string{"openid"},
	}, &cip.CreateUserPoolInput{})
	_, err := first.api.CreateUserPoolDomain(ctx, &cip.CreateUserPoolDomainInput{UserPoolId: &poolID, Domain: aws.String(domainPrefix), ManagedLoginVersion: aws.Int32(2)})
	must(t, err)
	_, err = second.api.CreateManagedLoginBranding(ctx, &cip.CreateManagedLoginBrandingInput{UserPoolId: &poolID, ClientId: &clientID, UseCognitoProvidedValues: true})
	must(t, err)
	_, err = first.api.AdminCreateUser(ctx, &cip.AdminCreateUserInput{UserPoolId: &poolID, Username: aws.String("ana"), MessageAction: types.MessageActionTypeSuppress})
	must(t, err)
	_, err = first.api.AdminSetUserPassword(ctx, &cip.AdminSetUserPasswordInput{UserPoolId: &poolID, Username: aws.String("ana"), Password: aws.String("Correct-Horse1!"), Permanent: true})
	must(t, err)

	jar, err := cookiejar.New(nil)
	must(t, err)
	v := &visitor{http: &http.Client{Jar: jar, Transport: http.DefaultTransport}, client: clientID}
	if answer, body := v.at(t, first, http.MethodGet, "/login", v.query(), nil); answer.StatusCode != http.StatusOK || v.csrf == "" {
		t.Fatalf("sign-in page: %s %s", answer.Status, body)
	}
	// The form of the page of one node is sent to the other, which gives the code;
	// its node is gone before the code is exchanged.
	answer, body := v.at(t, second, http.MethodPost, "/login", v.query(), url.Values{"username": {"ana"}, "password": {"Correct-Horse1!"}, "_csrf": {v.csrf}})
	given := code(t, answer, body)
	second.kill()
	status, tokens := v.exchange(t, first, given)
	if status != http.StatusOK || tokens["id_token"] == "" {
		t.Fatalf("exchange on the other node: %d %v", status, tokens)
	}
	third := start()
	if status, got := v.exchange(t, third, given); status != http.StatusBadRequest || got["error"] != "invalid_grant" {
		t.Errorf("the code counts again on a new node: %d %v", status, got)
	}
	// The browser's session is known to a node that came later, until it ends on any.
	answer, body = v.at(t, third, http.MethodGet, "/oauth2/authorize", v.query(), nil)
	pending := code(t, answer, body)
	if answer, _ := v.at(t, first, http.MethodGet, "/logout", url.Values{"client_id": {clientID}, "logout_uri": {"https://other.example.com"}}, nil); answer.StatusCode != http.StatusFound {
		t.Errorf("logout: %s", answer.Status)
	}
	if status, got := v.exchange(t, third, pending); status != http.StatusBadRequest || got["error"] != "invalid_grant" {
		t.Errorf("a code of a session that ended on another node: %d %v", status, got)
	}
}
