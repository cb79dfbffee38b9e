package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/servertest"
)

func makeResourceServer(t *testing.T, s *servertest.Server, pool, identifier string, scopes ...string) error {
	t.Helper()
	in := &cip.CreateResourceServerInput{UserPoolId: &pool, Identifier: &identifier, Name: aws.String("API"), Scopes: scopeList(scopes...)}
	_, err := s.SDK.CreateResourceServer(t.Context(), in)
	return err
}

func scopeList(names ...string) (list []types.ResourceServerScopeType) {
	for _, name := range names {
		list = append(list, types.ResourceServerScopeType{ScopeName: &name, ScopeDescription: aws.String("may " + name)})
	}
	return list
}

func TestAResourceServerIsDescribedAsItWasMade(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool := s.CreatePool(t, nil)
	for _, c := range []struct{ members, want string }{
		{`"Identifier":"plain","Name":"Plain"`, `"Identifier":"plain","Name":"Plain"`},
		{`"Identifier":"empty","Name":"Empty","Scopes":[]`, `"Identifier":"empty","Name":"Empty"`},
		{
			`"Identifier":"https://api.example.com/v1","Name":"API","Scopes":[{"ScopeName":"read","ScopeDescription":"may read"},{"ScopeName":"a:b","ScopeDescription":"d"}]`,
			`"Identifier":"https://api.example.com/v1","Name":"API","Scopes":[{"ScopeDescription":"may read","ScopeName":"read"},{"ScopeDescription":"d","ScopeName":"a:b"}]`,
		},
	} {
		want := `{"ResourceServer":{` + c.want + `,"UserPoolId":"` + pool + `"}}`
		made := s.Call(t, "CreateResourceServer", `{"UserPoolId":"`+pool+`",`+c.members+`}`)
		identifier, _, _ := strings.Cut(strings.TrimPrefix(c.members, `"Identifier":"`), `"`)
		got := s.Call(t, "DescribeResourceServer", fmt.Sprintf(`{"UserPoolId":%q,"Identifier":%q}`, pool, identifier))
		if made.Body != want || got.Body != want {
			t.Errorf("made      %s\ndescribed %s\nwant      %s", made.Body, got.Body, want)
		}
	}
}

func TestResourceServersThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool := s.CreatePool(t, nil)
	wantOK(t, makeResourceServer(t, s, pool, "orders", "read"))
	wantError(t, makeResourceServer(t, s, pool, "orders"), "InvalidParameterException", "orders already exists in user pool "+pool+".")
	wantError(t, makeResourceServer(t, s, unknownPool, "orders"), "ResourceNotFoundException", "User pool "+unknownPool+" does not exist.")
	wantCode(t, makeResourceServer(t, s, pool, "twice", "read", "read"), "InvalidParameterException")
	for _, reserved := range []string{"aws.cognito", "aws.cognito/dcr", "aws.cognito.signin.user"} {
		wantCode(t, makeResourceServer(t, s, pool, reserved, "register"), "InvalidParameterException")
	}
	for i, c := range []struct {
		members string
		accept  bool
	}{
		{`"Identifier":"","Name":"n"`, false},
		{`"Identifier":"a b","Name":"n"`, false},
		{`"Identifier":"a\"b","Name":"n"`, false},
		{`"Identifier":"` + strings.Repeat("i", 257) + `","Name":"n"`, false},
		{`"Identifier":"` + strings.Repeat("i", 256) + `","Name":"n"`, true},
		{`"Identifier":"x","Name":"a/b"`, false},
		{`"Identifier":"x","Name":"n","Scopes":[{"ScopeName":"a/b","ScopeDescription":"d"}]`, false},
		{`"Identifier":"x","Name":"n","Scopes":[{"ScopeName":"a","ScopeDescription":""}]`, false},
		{`"Identifier":"x","Name":"n","Scopes":[{"ScopeName":"a"}]`, false},
	} {
		if got := s.Call(t, "CreateResourceServer", `{"UserPoolId":"`+pool+`",`+c.members+`}`); c.accept != (got.Status == 200) {
			t.Errorf("%d: %d %.200s", i, got.Status, got.Body)
		}
	}
	for count, accept := range map[int]bool{100: true, 101: false} {
		var names []string
		for i := range count {
			names = append(names, fmt.Sprintf("s%d", i))
		}
		if err := makeResourceServer(t, s, pool, fmt.Sprintf("scopes%d", count), names...); (err == nil) != accept {
			t.Errorf("%d scopes: %v", count, err)
		}
	}
}

func TestAPoolHas25ResourceServersListedInPages(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool := s.CreatePool(t, nil)
	for i := range 25 {
		wantOK(t, makeResourceServer(t, s, pool, fmt.Sprintf("server%02d", i), "read"))
	}
	wantCode(t, makeResourceServer(t, s, pool, "one-more"), "LimitExceededException")
	var listed []string
	pages := cip.NewListResourceServersPaginator(s.SDK, &cip.ListResourceServersInput{UserPoolId: &pool, MaxResults: aws.Int32(10)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		wantOK(t, err)
		for _, r := range page.ResourceServers {
			listed = append(listed, aws.ToString(r.Identifier))
			if len(r.Scopes) != 1 || aws.ToString(r.UserPoolId) != pool {
				t.Errorf("listed %+v", r)
			}
		}
	}
	if len(listed) != 25 || listed[0] != "server00" || listed[24] != "server24" {
		t.Errorf("listed %q", listed)
	}
	whole := s.Call(t, "ListResourceServers", `{"UserPoolId":"`+pool+`"}`)
	if strings.Count(whole.Body, `"Identifier"`) != 25 || strings.Contains(whole.Body, "NextToken") {
		t.Errorf("without a size: %s", whole.Body)
	}
	empty := s.CreatePool(t, nil)
	if got := s.Call(t, "ListResourceServers", `{"UserPoolId":"`+empty+`"}`); got.Body != `{"ResourceServers":[]}` {
		t.Errorf("none: %s", got.Body)
	}
	first, err := s.SDK.ListResourceServers(t.Context(), &cip.ListResourceServersInput{UserPoolId: &pool, MaxResults: aws.Int32(1)})
	wantOK(t, err)
	_, err = s.SDK.ListResourceServers(t.Context(), &cip.ListResourceServersInput{UserPoolId: &empty, NextToken: first.NextToken})
	wantError(t, err, "InvalidParameterException", "Invalid pagination token")
	for _, size := range []int32{0, 51} {
		_, err = s.SDK.ListResourceServers(t.Context(), &cip.ListResourceServersInput{UserPoolId: &pool, MaxResults: &size})
		wantCode(t, err, "InvalidParameterException")
	}
}

func TestAnUpdateReplacesAllScopes(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool := s.CreatePool(t, nil)
	wantOK(t, makeResourceServer(t, s, pool, "orders", "read", "write"))
	out, err := s.SDK.UpdateResourceServer(t.Context(), &cip.UpdateResourceServerInput{UserPoolId: &pool, Identifier: aws.String("orders"), Name: aws.String("Orders"), Scopes: scopeList("write", "cancel")})
	wantOK(t, err)
	if len(out.ResourceServer.Scopes) != 2 || aws.ToString(out.ResourceServer.Scopes[1].ScopeName) != "cancel" {
		t.Errorf("updated to %+v", out.ResourceServer)
	}
	_, err = s.SDK.UpdateResourceServer(t.Context(), &cip.UpdateResourceServerInput{UserPoolId: &pool, Identifier: aws.String("orders"), Name: aws.String("Orders")})
	wantOK(t, err)
	got, err := s.SDK.DescribeResourceServer(t.Context(), &cip.DescribeResourceServerInput{UserPoolId: &pool, Identifier: aws.String("orders")})
	wantOK(t, err)
	if len(got.ResourceServer.Scopes) != 0 || aws.ToString(got.ResourceServer.Name) != "Orders" {
		t.Errorf("described as %+v", got.ResourceServer)
	}
}

func TestAMissingResourceServerIsNotFound(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool, other := s.CreatePool(t, nil), s.CreatePool(t, nil)
	wantOK(t, makeResourceServer(t, s, other, "orders"))
	const message = "Resource server orders does not exist."
	_, err := s.SDK.DescribeResourceServer(t.Context(), &cip.DescribeResourceServerInput{UserPoolId: &pool, Identifier: aws.String("orders")})
	wantError(t, err, "ResourceNotFoundException", message)
	_, err = s.SDK.UpdateResourceServer(t.Context(), &cip.UpdateResourceServerInput{UserPoolId: &pool, Identifier: aws.String("orders"), Name: aws.String("Orders")})
	wantError(t, err, "ResourceNotFoundException", message)
	_, err = s.SDK.DeleteResourceServer(t.Context(), &cip.DeleteResourceServerInput{UserPoolId: &pool, Identifier: aws.String("orders")})
	wantError(t, err, "ResourceNotFoundException", message)
	if got := s.Call(t, "DeleteResourceServer", `{"UserPoolId":"`+other+`","Identifier":"orders"}`); got.Status != 200 || got.Body != "" {
		t.Errorf("deleted: %d %q", got.Status, got.Body)
	}
}

// A client is allowed the scopes that there are when it is stored; those that
// go later stay in its list until its next update (spec/users-and-pools.md §17).
func TestAClientIsAllowedScopesOfItsPoolsResourceServers(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool := s.CreatePool(t, nil)
	wantOK(t, makeResourceServer(t, s, pool, "https://api.example.com/v1", "read", "write"))
	wantOK(t, makeResourceServer(t, s, s.CreatePool(t, nil), "elsewhere", "read"))
	ask := func(scopes ...string) error {
		_, err := s.SDK.CreateUserPoolClient(t.Context(), &cip.CreateUserPoolClientInput{UserPoolId: &pool, ClientName: aws.String("api"), AllowedOAuthScopes: scopes})
		return err
	}
	for _, scope := range []string{"elsewhere/read", "https://api.example.com/v1/delete", "https://api.example.com/v1", "https://api.example.com/v1/Read", "offline_access"} {
		wantError(t, ask("openid", scope), "ScopeDoesNotExistException", "Invalid scope requested: "+scope)
	}
	wantOK(t, ask("openid", "https://api.example.com/v1/read", "https://api.example.com/v1/write"))

	client := s.CreateClient(t, pool, func(in *cip.CreateUserPoolClientInput) {
		in.AllowedOAuthScopes = []string{"https://api.example.com/v1/write"}
	})
	_, err := s.SDK.DeleteResourceServer(t.Context(), &cip.DeleteResourceServerInput{UserPoolId: &pool, Identifier: aws.String("https://api.example.com/v1")})
	wantOK(t, err)
	kept, err := s.SDK.DescribeUserPoolClient(t.Context(), &cip.DescribeUserPoolClientInput{UserPoolId: &pool, ClientId: &client})
	wantOK(t, err)
	if len(kept.UserPoolClient.AllowedOAuthScopes) != 1 {
		t.Errorf("the client has %q", kept.UserPoolClient.AllowedOAuthScopes)
	}
	_, err = s.SDK.UpdateUserPoolClient(t.Context(), &cip.UpdateUserPoolClientInput{UserPoolId: &pool, ClientId: &client, AllowedOAuthScopes: []string{"https://api.example.com/v1/write"}})
	wantError(t, err, "ScopeDoesNotExistException", "Invalid scope requested: https://api.example.com/v1/write")
}
