package api_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"

	"cognate/internal/servertest"
)

// The SDK does not know these operations yet, so the tests speak the protocol
// themselves.

// call posts a request and reads the answer into out, unless it is an error.
func (a *app) call(t *testing.T, operation string, in map[string]any, out any) error {
	t.Helper()
	body, err := json.Marshal(in)
	wantOK(t, err)
	answer := a.s.Call(t, operation, string(body))
	if answer.Status != http.StatusOK {
		return &smithy.GenericAPIError{Code: answer.ErrorType(), Message: answer.Message()}
	}
	wantOK(t, json.Unmarshal([]byte(answer.Body), out))
	return nil
}

const (
	tracked   = "ENABLED"
	untracked = "DISABLED"
)

// trackSessions switches session tracking of the app's pool.
func (a *app) trackSessions(t *testing.T, status string, most int) error {
	t.Helper()
	var set poolSessions
	err := a.call(t, "SetUserPoolSessionConfiguration", map[string]any{
		"UserPoolId": a.pool, "UserSessionTracking": status, "TokenSession": map[string]any{"MaxPerUser": most},
	}, &set)
	if err == nil && (set.UserPoolId != a.pool || set.UserSessionTracking != status || set.TokenSession.MaxPerUser != most) {
		t.Errorf("Set answers %+v", set)
	}
	return err
}

type poolSessions struct {
	UserPoolId, UserSessionTracking string
	TokenSession                    struct{ MaxPerUser int }
}

// session is a SessionDescriptionType; dates are in seconds.
type session struct {
	SessionId, SessionType, ClientId, DeviceType, LastIPAddress, OriginSessionId string

	CreateDate, LastActiveDate float64
	LastLocation               struct{ City, Country string }
	IsCurrentSession           *bool
}

type sessionList struct {
	Sessions  []session
	NextToken *string
}

func (a *app) sessionsOf(t *testing.T, username string) []session {
	t.Helper()
	var got sessionList
	wantOK(t, a.call(t, "AdminListUserSessions", map[string]any{"UserPoolId": a.pool, "Username": username}, &got))
	return got.Sessions
}

func (a *app) mySessions(t *testing.T, accessToken *string) []session {
	t.Helper()
	var got sessionList
	wantOK(t, a.call(t, "ListUserSessions", map[string]any{"AccessToken": accessToken}, &got))
	if got.NextToken != nil {
		t.Error("a list that ends has a NextToken")
	}
	return got.Sessions
}

// currentSession is the id of the session of an access token.
func (a *app) currentSession(t *testing.T, accessToken *string) string {
	t.Helper()
	id := ""
	for _, s := range a.mySessions(t, accessToken) {
		if *s.IsCurrentSession {
			if id != "" {
				t.Error("two current sessions")
			}
			id = s.SessionId
		}
	}
	return id
}

func (a *app) revokeSession(t *testing.T, accessToken *string, id string) error {
	t.Helper()
	return a.call(t, "RevokeUserSession", map[string]any{"AccessToken": accessToken, "SessionId": id}, &struct{}{})
}

func (a *app) adminRevokeSession(t *testing.T, username, id string) error {
	t.Helper()
	return a.call(t, "AdminRevokeUserSession", map[string]any{"UserPoolId": a.pool, "Username": username, "SessionId": id}, &struct{}{})
}

// newTracked is an app whose pool tracks sessions.
func newTracked(t *testing.T, s *servertest.Server, most int, client func(*cip.CreateUserPoolClientInput)) *app {
	t.Helper()
	a := newApp(t, s, nil, client)
	wantOK(t, a.trackSessions(t, tracked, most))
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	return a
}

func TestPoolSessionConfiguration(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, nil)
	get := func() (got poolSessions) {
		wantOK(t, a.call(t, "GetUserPoolSessionConfiguration", map[string]any{"UserPoolId": a.pool}, &got))
		return got
	}
	if got := get(); got.UserSessionTracking != untracked || got.TokenSession.MaxPerUser != 20 {
		t.Errorf("defaults %s, %d", got.UserSessionTracking, got.TokenSession.MaxPerUser)
	}
	wantOK(t, a.trackSessions(t, tracked, 7))
	// Other changes of the pool leave it alone.
	_, err := a.s.SDK.UpdateUserPool(t.Context(), &cip.UpdateUserPoolInput{UserPoolId: &a.pool})
	wantOK(t, err)
	if got := get(); got.UserSessionTracking != tracked || got.TokenSession.MaxPerUser != 7 {
		t.Errorf("set to %s, %d", got.UserSessionTracking, got.TokenSession.MaxPerUser)
	}
	for _, most := range []int{0, 101} {
		wantCode(t, a.trackSessions(t, tracked, most), "InvalidParameterException")
	}
	wantCode(t, a.call(t, "SetUserPoolSessionConfiguration", map[string]any{"UserPoolId": a.pool, "UserSessionTracking": untracked},
		&struct{}{}), "InvalidParameterException") // every member is required

	// On the lowest plan it can be read, not set, and nobody gets there with it.
	_, err = a.s.SDK.UpdateUserPool(t.Context(), &cip.UpdateUserPoolInput{UserPoolId: &a.pool, UserPoolTier: types.UserPoolTierTypeLite})
	wantCode(t, err, "TierChangeNotAllowedException")
	lite := newApp(t, a.s, func(in *cip.CreateUserPoolInput) { in.UserPoolTier = types.UserPoolTierTypeLite }, nil)
	wantCode(t, lite.trackSessions(t, tracked, 20), "FeatureUnavailableInTierException")
	a = lite
	if got := get(); got.UserSessionTracking != untracked || got.TokenSession.MaxPerUser != 20 {
		t.Errorf("on the lowest plan %s, %d", got.UserSessionTracking, got.TokenSession.MaxPerUser)
	}
}

func TestClientSessionConfiguration(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, nil)
	type clientSessions struct {
		UserPoolId, ClientId string
		SSOSession           struct{ MaxValidityMinutes int }
	}
	set := func(minutes int) error {
		var got clientSessions
		err := a.call(t, "SetUserPoolClientSessionConfiguration", map[string]any{
			"UserPoolId": a.pool, "ClientId": a.client, "SSOSession": map[string]any{"MaxValidityMinutes": minutes},
		}, &got)
		if err == nil && (got.ClientId != a.client || got.SSOSession.MaxValidityMinutes != minutes) {
			t.Errorf("Set answers %+v", got)
		}
		return err
	}
	get := func() int {
		var got clientSessions
		wantOK(t, a.call(t, "GetUserPoolClientSessionConfiguration", map[string]any{"UserPoolId": a.pool, "ClientId": a.client}, &got))
		return got.SSOSession.MaxValidityMinutes
	}
	if n := get(); n != 60 {
		t.Errorf("default %d", n)
	}
	wantCode(t, set(30), "InvalidParameterException") // not tracking
	wantOK(t, a.trackSessions(t, tracked, 20))
	for _, minutes := range []int{0, 30, 129600} {
		wantOK(t, set(minutes))
		if n := get(); n != minutes {
			t.Errorf("set to %d, is %d", minutes, n)
		}
	}
	wantCode(t, set(129601), "InvalidParameterException")
	// It sleeps while tracking is off, and outlives changes of the client.
	_, err := a.s.SDK.UpdateUserPoolClient(t.Context(), &cip.UpdateUserPoolClientInput{UserPoolId: &a.pool, ClientId: &a.client})
	wantOK(t, err)
	wantOK(t, a.trackSessions(t, untracked, 20))
	if n := get(); n != 129600 {
		t.Errorf("kept %d", n)
	}
	other := newApp(t, a.s, nil, nil)
	err = a.call(t, "GetUserPoolClientSessionConfiguration", map[string]any{"UserPoolId": a.pool, "ClientId": other.client}, &struct{}{})
	wantCode(t, err, "ResourceNotFoundException")
	lite := newApp(t, a.s, func(in *cip.CreateUserPoolInput) { in.UserPoolTier = types.UserPoolTierTypeLite }, nil)
	a = lite
	wantCode(t, set(30), "FeatureUnavailableInTierException")
}

func TestSessionsAreListed(t *testing.T) {
	t.Parallel()
	a := newTracked(t, servertest.Start(t), 20, nil)
	second := a.withClient(t, nil)
	first := a.signIn(t, "ana", goodPassword)
	a.s.Advance(time.Minute)
	later := second.signIn(t, "ana", goodPassword)

	list := a.mySessions(t, first.AccessToken)
	if len(list) != 2 || list[0].ClientId != second.client || list[1].ClientId != a.client {
		t.Fatalf("sessions %+v", list)
	}
	id := regexp.MustCompile(`^tkn[a-z0-9]{25}$`)
	for i, s := range list {
		if !id.MatchString(s.SessionId) || s.SessionType != "TOKEN" || s.OriginSessionId != "" ||
			s.CreateDate == 0 || s.LastActiveDate != s.CreateDate || s.LastIPAddress == "" ||
			s.DeviceType == "" || s.LastLocation.Country != "unknown" || *s.IsCurrentSession != (i == 1) {
			t.Errorf("session %+v", s)
		}
	}
	for _, s := range a.sessionsOf(t, "ana") {
		if *s.IsCurrentSession {
			t.Error("an administrator has no current session")
		}
	}

	// A refresh is activity of the same session, and shows where it came from.
	a.s.Advance(time.Minute)
	_, err := a.refresh(t, first.RefreshToken)
	wantOK(t, err)
	again := a.mySessions(t, later.AccessToken)
	if len(again) != 2 || again[0].SessionId != list[1].SessionId {
		t.Fatalf("sessions %+v", again)
	}
	if moved := again[0].LastActiveDate - list[1].LastActiveDate; moved < 120 || again[0].CreateDate != list[1].CreateDate {
		t.Errorf("activity moved by %v s, from %+v to %+v", moved, list[1], again[0])
	}

	// Sessions end with their tokens.
	a.s.Advance(31 * 24 * time.Hour)
	if left := a.sessionsOf(t, "ana"); len(left) != 0 {
		t.Errorf("expired sessions are listed: %+v", left)
	}
}

func TestRotationIsActivityOfOneSession(t *testing.T) {
	t.Parallel()
	a := newTracked(t, servertest.Start(t), 20, rotating(0))
	tokens := a.signIn(t, "ana", goodPassword)
	id := a.currentSession(t, tokens.AccessToken)
	a.s.Advance(time.Minute)
	rotated, err := a.exchange(t, tokens.RefreshToken)
	wantOK(t, err)
	list := a.mySessions(t, rotated.AccessToken)
	if len(list) != 1 || list[0].SessionId != id || list[0].LastActiveDate <= list[0].CreateDate {
		t.Errorf("sessions %+v", list)
	}
	wantOK(t, a.adminRevokeSession(t, "ana", id))
	_, err = a.exchange(t, rotated.RefreshToken)
	wantCode(t, err, "NotAuthorizedException")
}

// The least recently used session goes, in the sign-in that needs its place.
func TestSessionsBeyondTheLimitEnd(t *testing.T) {
	t.Parallel()
	a := newTracked(t, servertest.Start(t), 3, nil)
	var all []*types.AuthenticationResultType
	for range 3 {
		all = append(all, a.signIn(t, "ana", goodPassword))
		a.s.Advance(time.Second)
	}
	_, err := a.refresh(t, all[0].RefreshToken) // now the second is the oldest
	wantOK(t, err)
	a.s.Advance(time.Second)
	all = append(all, a.signIn(t, "ana", goodPassword))
	for i, tokens := range all {
		err := a.getUser(t.Context(), tokens.AccessToken)
		if i == 1 {
			wantError(t, err, "NotAuthorizedException", "Access Token has been revoked")
			_, err = a.refresh(t, tokens.RefreshToken)
			wantError(t, err, "NotAuthorizedException", "Refresh Token has been revoked")
			continue
		}
		wantOK(t, err)
	}

	// A lower limit ends nothing, until somebody signs in.
	wantOK(t, a.trackSessions(t, tracked, 1))
	if n := len(a.sessionsOf(t, "ana")); n != 3 {
		t.Errorf("%d sessions after lowering", n)
	}
	last := a.signIn(t, "ana", goodPassword)
	list := a.mySessions(t, last.AccessToken)
	if len(list) != 1 || !*list[0].IsCurrentSession {
		t.Errorf("sessions %+v", list)
	}
}

func TestParallelSignInsKeepTheLimit(t *testing.T) {
	t.Parallel()
	a := newTracked(t, servertest.Shared(t), 2, nil)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			_, err := a.tryPassword(t, "ana", goodPassword)
			if err != nil {
				t.Errorf("a sign-in failed: %v", err)
			}
		})
	}
	group.Wait()
	if n := len(a.sessionsOf(t, "ana")); n != 2 {
		t.Errorf("%d sessions", n)
	}
}

func TestRevokeUserSession(t *testing.T) {
	t.Parallel()
	a := newTracked(t, servertest.Shared(t), 20, nil)
	mine, other := a.signIn(t, "ana", goodPassword), a.signIn(t, "ana", goodPassword)
	current, id := a.currentSession(t, mine.AccessToken), a.currentSession(t, other.AccessToken)
	wantCode(t, a.revokeSession(t, mine.AccessToken, current), "InvalidParameterException")
	wantCode(t, a.revokeSession(t, mine.AccessToken, "tkn1"), "InvalidParameterException")
	wantCode(t, a.revokeSession(t, mine.AccessToken, "sso0123456789012345678901234"), "ResourceNotFoundException")
	wantOK(t, a.revokeSession(t, mine.AccessToken, id))
	wantError(t, a.getUser(t.Context(), other.AccessToken), "NotAuthorizedException", "Access Token has been revoked")
	_, err := a.refresh(t, other.RefreshToken)
	wantError(t, err, "NotAuthorizedException", "Refresh Token has been revoked")
	wantCode(t, a.revokeSession(t, mine.AccessToken, id), "ResourceNotFoundException")
	if list := a.mySessions(t, mine.AccessToken); len(list) != 1 || list[0].SessionId != current {
		t.Errorf("sessions %+v", list)
	}

	// An administrator may end any, with its parent if it has one.
	err = a.call(t, "AdminRevokeUserSession", map[string]any{
		"UserPoolId": a.pool, "Username": "ana", "SessionId": current, "RevokeAssociatedSessions": "LINKED",
	}, &struct{}{})
	wantOK(t, err)
	wantCode(t, a.getUser(t.Context(), mine.AccessToken), "NotAuthorizedException")
	wantCode(t, a.adminRevokeSession(t, "ana", current), "ResourceNotFoundException")
	err = a.call(t, "AdminListUserSessions", map[string]any{"UserPoolId": a.pool, "Username": "nobody"}, &struct{}{})
	wantCode(t, err, "UserNotFoundException")
}

func TestSessionsEndWithEveryWayOfSigningOut(t *testing.T) {
	t.Parallel()
	a := newTracked(t, servertest.Shared(t), 20, nil)
	tokens := a.signIn(t, "ana", goodPassword)
	rest := a.signIn(t, "ana", goodPassword)
	wantOK(t, a.call(t, "RevokeToken", map[string]any{
		"ClientId": a.client, "Token": tokens.RefreshToken, "RevokeAssociatedSessions": "LINKED",
	}, &struct{}{}))
	if list := a.mySessions(t, rest.AccessToken); len(list) != 1 || !*list[0].IsCurrentSession {
		t.Errorf("after RevokeToken: %+v", list)
	}
	_, err := a.s.Anonymous.GlobalSignOut(t.Context(), &cip.GlobalSignOutInput{AccessToken: rest.AccessToken})
	wantOK(t, err)
	if list := a.sessionsOf(t, "ana"); len(list) != 0 {
		t.Errorf("after GlobalSignOut: %+v", list)
	}
}

// Switching tracking on invents no records, switching it off drops them; tokens
// live on through both.
func TestSessionTrackingComesAndGoes(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	before := a.signIn(t, "ana", goodPassword)
	if list := a.mySessions(t, before.AccessToken); len(list) != 0 {
		t.Errorf("without tracking: %+v", list)
	}
	wantOK(t, a.trackSessions(t, tracked, 1))
	_, err := a.refresh(t, before.RefreshToken)
	wantOK(t, err)
	if list := a.mySessions(t, before.AccessToken); len(list) != 0 {
		t.Errorf("invented: %+v", list)
	}
	during := a.signIn(t, "ana", goodPassword)
	wantOK(t, a.trackSessions(t, untracked, 1))
	wantOK(t, a.trackSessions(t, tracked, 1))
	if list := a.mySessions(t, during.AccessToken); len(list) != 0 {
		t.Errorf("kept: %+v", list)
	}
	for _, tokens := range []*types.AuthenticationResultType{before, during} {
		wantOK(t, a.getUser(t.Context(), tokens.AccessToken))
		_, err = a.refresh(t, tokens.RefreshToken)
		wantOK(t, err)
	}
}

// Sessions of one user are nothing to another, and nothing in another pool.
func TestS052SessionsOfAnotherUser(t *testing.T) {
	t.Parallel()
	a := newTracked(t, servertest.Shared(t), 20, nil)
	a.s.CreateUser(t, a.pool, "ben", goodPassword)
	ana, ben := a.signIn(t, "ana", goodPassword), a.signIn(t, "ben", goodPassword)
	id := a.currentSession(t, ana.AccessToken)
	wantCode(t, a.revokeSession(t, ben.AccessToken, id), "ResourceNotFoundException")
	wantCode(t, a.adminRevokeSession(t, "ben", id), "ResourceNotFoundException")
	other := newTracked(t, a.s, 20, nil)
	wantCode(t, other.adminRevokeSession(t, "ana", id), "ResourceNotFoundException")
	if list := a.mySessions(t, ben.AccessToken); len(list) != 1 || list[0].SessionId == id {
		t.Errorf("ben's sessions: %+v", list)
	}
	wantOK(t, a.getUser(t.Context(), ana.AccessToken))
}

func TestS053SessionsOfDisabledUsers(t *testing.T) {
	t.Parallel()
	a := newTracked(t, servertest.Shared(t), 20, nil)
	tokens := a.signIn(t, "ana", goodPassword)
	_, err := a.s.SDK.AdminDisableUser(t.Context(), &cip.AdminDisableUserInput{UserPoolId: &a.pool, Username: aws.String("ana")})
	wantOK(t, err)
	if list := a.sessionsOf(t, "ana"); len(list) != 0 {
		t.Errorf("sessions %+v", list)
	}
	_, err = a.s.SDK.AdminEnableUser(t.Context(), &cip.AdminEnableUserInput{UserPoolId: &a.pool, Username: aws.String("ana")})
	wantOK(t, err)
	wantCode(t, a.getUser(t.Context(), tokens.AccessToken), "NotAuthorizedException")
	wantCode(t, a.call(t, "ListUserSessions", map[string]any{"AccessToken": tokens.AccessToken}, &struct{}{}), "NotAuthorizedException")
}
