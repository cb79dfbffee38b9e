package api_test

import (
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/go-jose/go-jose/v4"

	"cognate/internal/protocol/jwt"
	"cognate/internal/protocol/jwt/jwttest"
	"cognate/internal/servertest"
)

// tokenCalls are the operations that act on the user of an access token, with a
// request that a good token would make succeed or fail for another reason.
func tokenCalls(token string) map[string]string {
	quoted := func(rest string) string { return `{"AccessToken":"` + token + `"` + rest + `}` }
	return map[string]string{
		"GetUser":                          quoted(""),
		"ChangePassword":                   quoted(`,"PreviousPassword":"x-Previous1!","ProposedPassword":"Another-Horse2!"`),
		"DeleteUser":                       quoted(""),
		"DeleteUserAttributes":             quoted(`,"UserAttributeNames":["name"]`),
		"UpdateUserAttributes":             quoted(`,"UserAttributes":[{"Name":"name","Value":"forged"}]`),
		"GetUserAttributeVerificationCode": quoted(`,"AttributeName":"email"`),
		"VerifyUserAttribute":              quoted(`,"AttributeName":"email","Code":"123456"`),
		"GlobalSignOut":                    quoted(""),
	}
}

// refused checks that every operation refuses a token with one of the messages
// for unusable tokens (tokens.md §8).
func refused(t *testing.T, s *servertest.Server, name, token string, messages ...string) {
	t.Helper()
	for operation, body := range tokenCalls(token) {
		answer := s.Call(t, operation, body)
		if answer.Status != http.StatusBadRequest {
			t.Errorf("%s: %s answered %d %s", name, operation, answer.Status, answer.Body)
			continue
		}
		ok := answer.ErrorType() == "InvalidParameterException" && strings.Contains(answer.Body, "'accessToken'") // not of the model's pattern
		for _, m := range messages {
			ok = ok || answer.ErrorType() == "NotAuthorizedException" && answer.Message() == m
		}
		if !ok {
			t.Errorf("%s: %s answered %s", name, operation, answer.Body)
		}
	}
}

// keysOf reads the key set of a pool.
func (a *app) keysOf(t *testing.T) *jose.JSONWebKeySet {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.s.URL+"/"+a.pool+"/.well-known/jwks.json", nil)
	wantOK(t, err)
	answer := a.s.Do(t, r)
	var set jose.JSONWebKeySet
	wantOK(t, json.Unmarshal([]byte(answer.Body), &set))
	return &set
}

func headerOf(t *testing.T, token *string) string {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(*token, ".")[0])
	wantOK(t, err)
	return string(raw)
}

// Any JOSE library verifies the tokens by the published keys: one key for access
// tokens, another for ID tokens (tokens.md §1, §2).
func TestTokensVerifyByThePublishedKeys(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	tokens := a.signIn(t, "ana", goodPassword)
	set := a.keysOf(t)
	if len(set.Keys) != 2 {
		t.Fatalf("%d keys", len(set.Keys))
	}
	form := regexp.MustCompile(`^\{"kid":"([A-Za-z0-9+/]{43}=)","alg":"RS256"\}$`)
	var kids []string
	for _, token := range []*string{tokens.AccessToken, tokens.IdToken} {
		header := form.FindStringSubmatch(headerOf(t, token))
		if header == nil {
			t.Fatalf("header %s", headerOf(t, token))
		}
		kids = append(kids, header[1])
		keys := set.Key(header[1])
		if len(keys) != 1 {
			t.Fatalf("%d keys with id %s", len(keys), header[1])
		}
		parsed, err := jose.ParseSignedCompact(*token, []jose.SignatureAlgorithm{jose.RS256})
		wantOK(t, err)
		_, err = parsed.Verify(keys[0])
		wantOK(t, err)
	}
	if kids[0] == kids[1] {
		t.Error("both tokens are signed with one key")
	}
}

func TestLifetimesAndUnits(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, func(in *cip.CreateUserPoolClientInput) {
		in.AccessTokenValidity, in.IdTokenValidity, in.RefreshTokenValidity = aws.Int32(300), aws.Int32(10), 2
		in.TokenValidityUnits = &types.TokenValidityUnitsType{
			AccessToken: types.TimeUnitsTypeSeconds, IdToken: types.TimeUnitsTypeMinutes, RefreshToken: types.TimeUnitsTypeHours,
		}
	})
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	tokens := a.signIn(t, "ana", goodPassword)
	if tokens.ExpiresIn != 300 {
		t.Errorf("ExpiresIn %d", tokens.ExpiresIn)
	}
	for token, seconds := range map[*string]float64{tokens.AccessToken: 300, tokens.IdToken: 600} {
		claims := claimsOf(t, token)
		if got := claims["exp"].(float64) - claims["iat"].(float64); got != seconds {
			t.Errorf("life %v s, want %v", got, seconds)
		}
		if claims["iat"] != claims["auth_time"] {
			t.Errorf("iat %v, auth_time %v", claims["iat"], claims["auth_time"])
		}
	}
}

func TestOriginOfTokens(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, nil)
	without := a.withClient(t, func(in *cip.CreateUserPoolClientInput) { in.EnableTokenRevocation = aws.Bool(false) })
	rotates := a.withClient(t, func(in *cip.CreateUserPoolClientInput) {
		rotating(0)(in)
		in.EnableTokenRevocation = aws.Bool(false)
	})
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	for b, has := range map[*app]bool{a: true, without: false, rotates: true} {
		tokens := b.signIn(t, "ana", goodPassword)
		access, id := claimsOf(t, tokens.AccessToken), claimsOf(t, tokens.IdToken)
		if _, ok := access["origin_jti"]; ok != has || access["origin_jti"] != id["origin_jti"] {
			t.Errorf("origin_jti %v and %v, want it: %v", access["origin_jti"], id["origin_jti"], has)
		}
		if access["event_id"] != id["event_id"] || access["jti"] == id["jti"] || access["jti"] == nil {
			t.Errorf("access %v, id %v", access, id)
		}
		wantOK(t, b.getUser(t.Context(), tokens.AccessToken))
	}
	// Tokens without origin are found, and ended, all the same.
	tokens := without.signIn(t, "ana", goodPassword)
	_, err := a.s.Anonymous.GlobalSignOut(t.Context(), &cip.GlobalSignOutInput{AccessToken: tokens.AccessToken})
	wantOK(t, err)
	wantError(t, a.getUser(t.Context(), tokens.AccessToken), "NotAuthorizedException", "Access Token has been revoked")
	refreshedAfter, err := without.exchange(t, tokens.RefreshToken)
	wantError(t, err, "NotAuthorizedException", "Refresh Token has been revoked")
	if refreshedAfter != nil {
		t.Error("tokens after a sign-out")
	}
}

func TestLevelNameIsThePools(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	for _, token := range []*string{a.signIn(t, "ana", goodPassword).AccessToken, a.signIn(t, "ana", goodPassword).IdToken} {
		claims := claimsOf(t, token)
		if amr, _ := claims["amr"].([]any); claims["acr"] != "urn:cognito:loa:1" || len(amr) != 1 || amr[0] != "pwd" {
			t.Errorf("acr %v, amr %v", claims["acr"], claims["amr"])
		}
	}
}

func TestS030ForgedTokensAreRefusedEverywhere(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword, "name", "Ana")
	tokens := a.signIn(t, "ana", goodPassword)
	token, err := jwt.Parse(*tokens.AccessToken)
	wantOK(t, err)
	public, ok := a.keysOf(t).Key(token.KeyID)[0].Key.(*rsa.PublicKey)
	if !ok {
		t.Fatal("not an RSA key")
	}
	forgeries := jwttest.Forgeries(t, *tokens.AccessToken, public)
	if len(forgeries) < 40 {
		t.Fatalf("only %d forgeries", len(forgeries))
	}
	for _, f := range forgeries {
		quoted, err := json.Marshal(f.Token)
		wantOK(t, err)
		refused(t, a.s, f.Name, string(quoted[1:len(quoted)-1]), "Invalid Access Token", "Could not verify signature for Access Token")
	}
	// None of them did anything, and the good one still serves.
	user, err := a.s.Anonymous.GetUser(t.Context(), &cip.GetUserInput{AccessToken: tokens.AccessToken})
	wantOK(t, err)
	for _, attribute := range user.UserAttributes {
		if aws.ToString(attribute.Name) == "name" && aws.ToString(attribute.Value) != "Ana" {
			t.Errorf("name is %s", aws.ToString(attribute.Value))
		}
	}
}

// Tokens of another kind, pool, or signed by the wrong key of the right pool.
func TestS031TokensInTheWrongPlace(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	a, other := newApp(t, s, nil, nil), newApp(t, s, nil, nil)
	for _, x := range []*app{a, other} {
		s.CreateUser(t, x.pool, "ana", goodPassword)
	}
	mine, theirs := a.signIn(t, "ana", goodPassword), other.signIn(t, "ana", goodPassword)
	unusable := []string{"Invalid Access Token", "Could not verify signature for Access Token"}
	refused(t, s, "ID token", *mine.IdToken, unusable...)
	refused(t, s, "refresh token", *mine.RefreshToken, unusable...)
	// Header, claims and signature of different tokens.
	m, o, id := strings.Split(*mine.AccessToken, "."), strings.Split(*theirs.AccessToken, "."), strings.Split(*mine.IdToken, ".")
	for name, parts := range map[string][3]string{
		"claims of the other pool":           {m[0], o[1], m[2]},
		"claims and signature of the other":  {m[0], o[1], o[2]},
		"header of the other":                {o[0], m[1], m[2]},
		"ID claims under the access header":  {m[0], id[1], id[2]},
		"access claims under the ID header":  {id[0], m[1], m[2]},
		"signature of the ID token":          {m[0], m[1], id[2]},
		"header and signature of the other":  {o[0], m[1], o[2]},
		"header of the ID token, all others": {id[0], m[1], id[2]},
	} {
		refused(t, s, name, strings.Join(parts[:], "."), unusable...)
	}
	// A token of another issuer of this very server: the pool's id is in the URL.
	for _, issuer := range []string{
		s.URL + "/" + a.pool + "/", s.URL + "//" + a.pool, "https://evil.example/" + a.pool,
		"https://cognito-idp.us-east-1.amazonaws.com/" + a.pool, s.URL + "/x/" + a.pool, a.pool, "",
	} {
		claims := claimsOf(t, mine.AccessToken)
		claims["iss"] = issuer
		raw, err := json.Marshal(claims)
		wantOK(t, err)
		refused(t, s, "issuer "+issuer, m[0]+"."+base64.RawURLEncoding.EncodeToString(raw)+"."+m[2], unusable...)
	}
	wantOK(t, a.getUser(t.Context(), mine.AccessToken))
}

// What ends tokens, and what each end is told as (S033).
func TestS033EndedTokensAreRefused(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	const revoked = "Access Token has been revoked"
	for name, tt := range map[string]struct {
		end     func(t *testing.T, a *app, tokens *types.AuthenticationResultType) error
		access  []string
		refresh string
	}{
		"GlobalSignOut": {func(t *testing.T, a *app, tokens *types.AuthenticationResultType) error {
			_, err := s.Anonymous.GlobalSignOut(t.Context(), &cip.GlobalSignOutInput{AccessToken: tokens.AccessToken})
			return err
		}, []string{revoked}, "Refresh Token has been revoked"},
		"AdminUserGlobalSignOut": {func(t *testing.T, a *app, _ *types.AuthenticationResultType) error {
			_, err := s.SDK.AdminUserGlobalSignOut(t.Context(), &cip.AdminUserGlobalSignOutInput{UserPoolId: &a.pool, Username: aws.String("ana")})
			return err
		}, []string{revoked}, "Refresh Token has been revoked"},
		"RevokeToken": {func(t *testing.T, a *app, tokens *types.AuthenticationResultType) error {
			_, err := s.Anonymous.RevokeToken(t.Context(), &cip.RevokeTokenInput{ClientId: &a.client, Token: tokens.RefreshToken})
			return err
		}, []string{revoked}, "Refresh Token has been revoked"},
		"AdminDisableUser": {func(t *testing.T, a *app, _ *types.AuthenticationResultType) error {
			_, err := s.SDK.AdminDisableUser(t.Context(), &cip.AdminDisableUserInput{UserPoolId: &a.pool, Username: aws.String("ana")})
			return err
		}, []string{"User is disabled.", revoked}, "Refresh Token has been revoked"},
		"disabled and enabled again": {func(t *testing.T, a *app, _ *types.AuthenticationResultType) error {
			if _, err := s.SDK.AdminDisableUser(t.Context(), &cip.AdminDisableUserInput{UserPoolId: &a.pool, Username: aws.String("ana")}); err != nil {
				return err
			}
			_, err := s.SDK.AdminEnableUser(t.Context(), &cip.AdminEnableUserInput{UserPoolId: &a.pool, Username: aws.String("ana")})
			return err
		}, []string{revoked}, "Refresh Token has been revoked"},
		"deleted client": {func(t *testing.T, a *app, _ *types.AuthenticationResultType) error {
			_, err := s.SDK.DeleteUserPoolClient(t.Context(), &cip.DeleteUserPoolClientInput{UserPoolId: &a.pool, ClientId: &a.client})
			return err
		}, []string{revoked}, ""},
		"deleted pool": {func(t *testing.T, a *app, _ *types.AuthenticationResultType) error {
			_, err := s.SDK.DeleteUserPool(t.Context(), &cip.DeleteUserPoolInput{UserPoolId: &a.pool})
			return err
		}, []string{"Invalid Access Token"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newApp(t, s, nil, nil)
			s.CreateUser(t, a.pool, "ana", goodPassword)
			tokens := a.signIn(t, "ana", goodPassword)
			wantOK(t, a.getUser(t.Context(), tokens.AccessToken))
			wantOK(t, tt.end(t, a, tokens))
			refused(t, s, name, *tokens.AccessToken, tt.access...)
			if tt.refresh == "" {
				_, err := a.refresh(t, tokens.RefreshToken)
				wantCode(t, err, "ResourceNotFoundException")
				return
			}
			_, err := a.refresh(t, tokens.RefreshToken)
			wantError(t, err, "NotAuthorizedException", tt.refresh)
			_, err = a.exchange(t, tokens.RefreshToken)
			wantError(t, err, "NotAuthorizedException", tt.refresh)
		})
	}
}

// A user made again under an old name has nothing of the old one.
func TestS033ARemadeUserInheritsNothing(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	old := a.signIn(t, "ana", goodPassword)
	for range 2 { // gone, then made again
		_, _ = a.s.SDK.AdminDeleteUser(t.Context(), &cip.AdminDeleteUserInput{UserPoolId: &a.pool, Username: aws.String("ana")})
		for operation, body := range tokenCalls(*old.AccessToken) {
			if answer := a.s.Call(t, operation, body); answer.ErrorType() != "UserNotFoundException" || answer.Message() != "User does not exist." {
				t.Errorf("%s answered %s", operation, answer.Body)
			}
		}
		_, err := a.refresh(t, old.RefreshToken)
		wantError(t, err, "NotAuthorizedException", "Invalid Refresh Token.")
	}
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	fresh := a.signIn(t, "ana", goodPassword)
	if claimsOf(t, fresh.AccessToken)["sub"] == claimsOf(t, old.AccessToken)["sub"] {
		t.Error("the sub came back")
	}
	wantCode(t, a.getUser(t.Context(), old.AccessToken), "UserNotFoundException")
	_, err := a.refresh(t, old.RefreshToken)
	wantError(t, err, "NotAuthorizedException", "Invalid Refresh Token.")
}

func TestS034ClaimsOfTheServiceCannotBeAttributes(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	access := a.signIn(t, "ana", goodPassword).AccessToken
	for _, name := range []string{
		"acr", "amr", "at_hash", "aud", "auth_time", "azp", "client_id", "cognito:groups", "cognito:preferred_role", "cognito:roles",
		"cognito:username", "event_id", "exp", "iat", "identities", "iss", "jti", "nbf", "nonce", "origin_jti", "scope", "sub",
		"token_use", "username", "version", "dev:custom:x", "custom:sub",
	} {
		given := []types.AttributeType{{Name: &name, Value: aws.String("forged")}}
		_, err := a.s.Anonymous.UpdateUserAttributes(t.Context(), &cip.UpdateUserAttributesInput{AccessToken: access, UserAttributes: given})
		if err == nil {
			t.Errorf("UpdateUserAttributes took %s", name)
		}
		_, err = a.s.SDK.AdminUpdateUserAttributes(t.Context(), &cip.AdminUpdateUserAttributesInput{
			UserPoolId: &a.pool, Username: aws.String("ana"), UserAttributes: given,
		})
		if err == nil {
			t.Errorf("AdminUpdateUserAttributes took %s", name)
		}
	}
	tokens := a.signIn(t, "ana", goodPassword)
	for _, token := range []*string{tokens.AccessToken, tokens.IdToken} {
		if strings.Contains(string(payload(t, token)), "forged") {
			t.Errorf("claims %s", payload(t, token))
		}
	}
}

func TestS036IdentifiersAreRandom(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	version4 := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	seen := make(map[string]bool)
	for range 20 {
		tokens := a.signIn(t, "ana", goodPassword)
		access, id := claimsOf(t, tokens.AccessToken), claimsOf(t, tokens.IdToken)
		for _, value := range []any{access["jti"], access["origin_jti"], access["event_id"], id["jti"], *tokens.RefreshToken} {
			text := value.(string)
			if seen[text] {
				t.Errorf("%s came twice", text)
			}
			seen[text] = true
			if len(text) < 100 && !version4.MatchString(text) {
				t.Errorf("%s is no random UUID", text)
			}
		}
	}
}

func TestS037AccessTokensExpireToTheSecond(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Start(t), nil, nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	tokens := a.signIn(t, "ana", goodPassword)
	expiry := time.Unix(int64(claimsOf(t, tokens.AccessToken)["exp"].(float64)), 0)
	a.s.Advance(expiry.Sub(a.s.Now()) - 30*time.Second)
	wantOK(t, a.getUser(t.Context(), tokens.AccessToken))
	a.s.Advance(expiry.Sub(a.s.Now()))
	refused(t, a.s, "expired", *tokens.AccessToken, "Access Token has expired")
}

// A token from the future, which a node with a wrong clock could sign.
func TestS037TokensFromTheFutureAreRefused(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Start(t), nil, nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	a.s.Advance(time.Hour)
	tokens := a.signIn(t, "ana", goodPassword)
	wantOK(t, a.getUser(t.Context(), tokens.AccessToken))
	a.s.Advance(-time.Minute)
	refused(t, a.s, "from the future", *tokens.AccessToken, "Invalid Access Token")
}

// The modulus published is that of a 2,048-bit key.
func TestKeysHave2048Bits(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, nil)
	for _, key := range a.keysOf(t).Keys {
		public, ok := key.Key.(*rsa.PublicKey)
		if !ok || public.N.BitLen() != 2048 || big.NewInt(int64(public.E)).Cmp(big.NewInt(65537)) != 0 {
			t.Errorf("key %s is %v", key.KeyID, key.Key)
		}
	}
}

// A user may be in a hundred groups and have long attributes; the tokens get
// long, and work.
func TestLongTokens(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), func(in *cip.CreateUserPoolInput) {
		for i := range 20 {
			in.Schema = append(in.Schema, types.SchemaAttributeType{
				Name: aws.String(string(rune('a' + i))), AttributeDataType: types.AttributeDataTypeString, Mutable: aws.Bool(true),
			})
		}
	}, nil)
	var attributes []string
	for i := range 20 {
		attributes = append(attributes, "custom:"+string(rune('a'+i)), strings.Repeat("ü", 2048))
	}
	a.s.CreateUser(t, a.pool, "ana", goodPassword, attributes...)
	for i := range 100 {
		name := strings.Repeat("g", 124) + fmt.Sprintf("%04d", i)
		_, err := a.s.SDK.CreateGroup(t.Context(), &cip.CreateGroupInput{UserPoolId: &a.pool, GroupName: &name})
		wantOK(t, err)
		_, err = a.s.SDK.AdminAddUserToGroup(t.Context(), &cip.AdminAddUserToGroupInput{
			UserPoolId: &a.pool, GroupName: &name, Username: aws.String("ana"),
		})
		wantOK(t, err)
	}
	tokens := a.signIn(t, "ana", goodPassword)
	wantOK(t, a.getUser(t.Context(), tokens.AccessToken))
	if groups, _ := claimsOf(t, tokens.AccessToken)["cognito:groups"].([]any); len(groups) != 100 {
		t.Errorf("%d groups", len(groups))
	}
	if claimsOf(t, tokens.IdToken)["custom:t"] != strings.Repeat("ü", 2048) {
		t.Error("a long attribute is not in the ID token")
	}
}
