package sts

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"cognate/internal/api/sts"
	"cognate/internal/store"
)

func assume(role string, change func(*sts.AssumeRoleRequest)) *sts.AssumeRoleRequest {
	in := &sts.AssumeRoleRequest{RoleArn: role, RoleSessionName: "work"}
	if change != nil {
		change(in)
	}
	return in
}

// Who may assume a role is decided by its trust policy and, where that names the
// account, by the caller's own policies too (identity-pools.md D4).
func TestAssumeRoleIsForThoseWhomTheRoleTrusts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ana, ben := w.user("ana"), w.user("ben", allowing("sts:AssumeRole"))
	for name, x := range map[string]struct {
		principal, condition string
		in                   func(*sts.AssumeRoleRequest)
		ana, ben             bool
	}{
		"user":         {`{"AWS":"` + iamARN + `user/ana"}`, "", nil, true, false},
		"account":      {`{"AWS":"` + iamARN + `root"}`, "", nil, false, true},
		"account id":   {`{"AWS":"` + account + `"}`, "", nil, false, true},
		"everybody":    {`"*"`, "", nil, true, true},
		"nobody here":  {`{"AWS":"arn:aws:iam::999999999999:root"}`, "", nil, false, false},
		"a service":    {`{"Service":"lambda.amazonaws.com"}`, "", nil, false, false},
		"no secret":    {`"*"`, `{"StringEquals":{"sts:ExternalId":"xyz"}}`, nil, false, false},
		"right secret": {`"*"`, `{"StringEquals":{"sts:ExternalId":"xyz"}}`, func(in *sts.AssumeRoleRequest) { in.ExternalId = "xyz" }, true, true},
		"wrong secret": {`"*"`, `{"StringEquals":{"sts:ExternalId":"xyz"}}`, func(in *sts.AssumeRoleRequest) { in.ExternalId = "xyy" }, false, false},
		"session name": {`"*"`, `{"StringEquals":{"sts:RoleSessionName":"work"}}`, nil, true, true},
		"user's name":  {`"*"`, `{"StringEquals":{"aws:username":"ana"}}`, nil, true, false},
		"tags without right to tag": {`"*"`, "", func(in *sts.AssumeRoleRequest) {
			in.Tags = []sts.Tag{{Key: "team", Value: "a"}}
		}, false, false},
	} {
		role := w.role(strings.NewReplacer(" ", "", "'", "").Replace(name), trusting(x.principal, `"sts:AssumeRole"`, x.condition), nil)
		_, err := w.AssumeRole(ana, assume(role, x.in))
		if x.ana != (err == nil) {
			t.Errorf("%s: ana: %v", name, err)
		}
		if err != nil {
			wantError(t, err, 403, "AccessDenied", "User: "+iamARN+"user/ana is not authorized to perform: sts:AssumeRole on resource: "+role)
		}
		if _, err = w.AssumeRole(ben, assume(role, x.in)); x.ben != (err == nil) {
			t.Errorf("%s: ben: %v", name, err)
		}
	}
	role := w.role("named", trusting(`{"AWS":"`+iamARN+`user/cem"}`, `"sts:AssumeRole"`, ""), nil)
	denied := w.user("cem", `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"sts:*","Resource":"*"}]}`)
	if _, err := w.AssumeRole(denied, assume(role, nil)); err == nil {
		t.Error("an explicit deny of the caller did not count")
	}
}

func TestAssumeRoleAnswersASession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ana := w.user("ana")
	role := w.role("shop", trusting(`"*"`, `["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]`, ""), nil)
	out, err := w.AssumeRole(ana, assume(role, func(in *sts.AssumeRoleRequest) {
		in.DurationSeconds, in.SourceIdentity = new(int32(900)), "ana"
		in.Tags, in.TransitiveTagKeys = []sts.Tag{{Key: "team", Value: "a"}}, []string{"team"}
	}))
	if err != nil {
		t.Fatal(err)
	}
	c := out.Credentials
	if !strings.HasPrefix(c.AccessKeyId, "ASIA") || len(c.AccessKeyId) != 20 || len(c.SecretAccessKey) != 40 || c.SessionToken == "" {
		t.Errorf("%+v", c) // identity-pools.md D2
	}
	if !c.Expiration.Equal(start.Add(900 * time.Second)) {
		t.Errorf("expires %v", c.Expiration)
	}
	if out.AssumedRoleUser.AssumedRoleId != "AROAROLEROLEshop:work" || out.AssumedRoleUser.Arn != "arn:aws:sts::"+account+":assumed-role/shop/work" {
		t.Errorf("%+v", out.AssumedRoleUser)
	}
	if out.SourceIdentity != "ana" || out.PackedPolicySize == nil || *out.PackedPolicySize < 1 {
		t.Errorf("%+v", out)
	}
	session := w.as(c.AccessKeyId, c.SessionToken)
	who, err := w.GetCallerIdentity(session, &sts.GetCallerIdentityRequest{})
	if err != nil || *who.UserId != "AROAROLEROLEshop:work" || *who.Account != account || who.Arn != out.AssumedRoleUser.Arn {
		t.Errorf("%+v, %v", who, err)
	}
	// A tag that has to be passed on cannot be set anew by a further session.
	_, err = w.AssumeRole(session, assume(role, func(in *sts.AssumeRoleRequest) { in.Tags = []sts.Tag{{Key: "Team", Value: "b"}} }))
	wantError(t, err, 400, "ValidationError", "*")
	_, err = w.AssumeRole(session, assume(role, func(in *sts.AssumeRoleRequest) { in.SourceIdentity = "ben" }))
	wantError(t, err, 403, "AccessDenied", "*")
}

func TestAssumeRoleRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ana := w.user("ana")
	role := w.role("shop", trusting(`"*"`, `["sts:AssumeRole","sts:TagSession"]`, ""), nil)
	notTrusted := func(arn string) string {
		return "User: " + iamARN + "user/ana is not authorized to perform: sts:AssumeRole on resource: " + arn
	}
	tooMany := make([]sts.Tag, 2)
	tooMany[0], tooMany[1] = sts.Tag{Key: "team", Value: "a"}, sts.Tag{Key: "Team", Value: "b"}
	for name, x := range map[string]struct {
		in      func(*sts.AssumeRoleRequest)
		status  int
		code    string
		message string
	}{
		"no such role":    {func(in *sts.AssumeRoleRequest) { in.RoleArn = iamARN + "role/none" }, 403, "AccessDenied", notTrusted(iamARN + "role/none")},
		"another path":    {func(in *sts.AssumeRoleRequest) { in.RoleArn = iamARN + "role/shop" }, 403, "AccessDenied", notTrusted(iamARN + "role/shop")},
		"another account": {func(in *sts.AssumeRoleRequest) { in.RoleArn = "arn:aws:iam::999999999999:role/team/shop" }, 403, "AccessDenied", "*"},
		"too long": {
			func(in *sts.AssumeRoleRequest) { in.DurationSeconds = new(int32(7201)) }, 400, "ValidationError",
			"The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
		},
		"device":             {func(in *sts.AssumeRoleRequest) { in.SerialNumber, in.TokenCode = iamARN+"mfa/ana", "123456" }, 403, "AccessDenied", "*"},
		"contexts":           {func(in *sts.AssumeRoleRequest) { in.ProvidedContexts = []sts.ProvidedContext{{}} }, 400, "ValidationError", "*"},
		"bad session policy": {func(in *sts.AssumeRoleRequest) { in.Policy = `{"Statement":[]` }, 400, "MalformedPolicyDocument", "*"},
		"policy of a role":   {func(in *sts.AssumeRoleRequest) { in.Policy = trusting(`"*"`, `"sts:AssumeRole"`, "") }, 400, "MalformedPolicyDocument", "*"},
		"huge policy": {
			func(in *sts.AssumeRoleRequest) {
				in.Policy = allowing("s3:" + random(100_000))
			},
			400, "PackedPolicyTooLarge", "*",
		},
		"no such policy": {func(in *sts.AssumeRoleRequest) {
			in.PolicyArns = []sts.PolicyDescriptorType{{Arn: "arn:aws:iam::aws:policy/None"}}
		}, 400, "ValidationError", "*"},
		"many policies": {
			func(in *sts.AssumeRoleRequest) { in.PolicyArns = make([]sts.PolicyDescriptorType, 11) }, 400, "ValidationError",
			"1 validation error detected: Value at 'policyArns' failed to satisfy constraint: Member must have length less than or equal to 10",
		},
		"tag twice":     {func(in *sts.AssumeRoleRequest) { in.Tags = []sts.Tag{{Key: "a"}, {Key: "a"}} }, 400, "ValidationError", "Duplicate tag keys found. Please note that Tag keys are case insensitive."},
		"tag in a case": {func(in *sts.AssumeRoleRequest) { in.Tags = tooMany }, 400, "ValidationError", "*"},
		"no such tag":   {func(in *sts.AssumeRoleRequest) { in.TransitiveTagKeys = []string{"team"} }, 400, "ValidationError", "*"},
	} {
		_, err := w.AssumeRole(ana, assume(role, x.in))
		if err == nil {
			t.Errorf("%s: allowed", name)
			continue
		}
		t.Run(name, func(t *testing.T) { wantError(t, err, x.status, x.code, x.message) })
	}
	_, err := w.AssumeRole(w.as(rootID, ""), assume(role, nil))
	wantError(t, err, 403, "AccessDenied", "Roles may not be assumed by root accounts.")
}

func TestAssumeRoleOfASessionLastsAnHourAtMost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role := w.role("shop", trusting(`"*"`, `"sts:AssumeRole"`, ""), nil)
	first, err := w.AssumeRole(w.user("ana"), assume(role, func(in *sts.AssumeRoleRequest) { in.DurationSeconds = new(int32(7200)) }))
	if err != nil {
		t.Fatal(err)
	}
	session := w.as(first.Credentials.AccessKeyId, first.Credentials.SessionToken)
	_, err = w.AssumeRole(session, assume(role, func(in *sts.AssumeRoleRequest) { in.DurationSeconds = new(int32(3601)) }))
	wantError(t, err, 400, "ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
	if _, err = w.AssumeRole(session, assume(role, func(in *sts.AssumeRoleRequest) { in.DurationSeconds = new(int32(3600)) })); err != nil {
		t.Error(err)
	}
}

func TestSessionsOfDeletedRolesAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role := w.role("shop", trusting(`"*"`, `"sts:AssumeRole"`, ""), func(s *store.RoleSettings) { s.MaxSession = 3600 })
	out, err := w.AssumeRole(w.user("ana"), assume(role, nil))
	if err != nil {
		t.Fatal(err)
	}
	w.write(func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.DeleteRole(ctx, "shop")
		return err
	})
	if _, _, known, err := w.Access.Key(t.Context(), out.Credentials.AccessKeyId, out.Credentials.SessionToken); known || err != nil {
		t.Errorf("%v, %v", known, err)
	}
}

func TestGetSessionToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ana, root := w.user("ana"), w.as(rootID, "")
	out, err := w.GetSessionToken(ana, &sts.GetSessionTokenRequest{})
	if err != nil || !out.Credentials.Expiration.Equal(start.Add(12*time.Hour)) {
		t.Fatalf("%+v, %v", out, err)
	}
	session := w.as(out.Credentials.AccessKeyId, out.Credentials.SessionToken)
	who, err := w.GetCallerIdentity(session, nil)
	if err != nil || who.Arn != iamARN+"user/ana" || *who.UserId != "AIDAana" {
		t.Errorf("%+v, %v", who, err)
	}
	_, err = w.GetSessionToken(session, &sts.GetSessionTokenRequest{})
	wantError(t, err, 403, "AccessDenied", "Cannot call GetSessionToken with session credentials")
	_, err = w.GetSessionToken(ana, &sts.GetSessionTokenRequest{SerialNumber: iamARN + "mfa/ana", TokenCode: "123456"})
	wantError(t, err, 403, "AccessDenied", "*")
	out, err = w.GetSessionToken(ana, &sts.GetSessionTokenRequest{DurationSeconds: new(int32(129600))})
	if err != nil || !out.Credentials.Expiration.Equal(start.Add(36*time.Hour)) {
		t.Errorf("%+v, %v", out, err)
	}
	out, err = w.GetSessionToken(root, &sts.GetSessionTokenRequest{})
	if err != nil || !out.Credentials.Expiration.Equal(start.Add(time.Hour)) {
		t.Errorf("%+v, %v", out, err)
	}
	who, err = w.GetCallerIdentity(root, nil)
	if err != nil || who.Arn != iamARN+"root" || *who.UserId != account || *who.Account != account {
		t.Errorf("%+v, %v", who, err)
	}
}

// random is a text that does not become shorter when it is packed.
func random(n int) string {
	var b strings.Builder
	for b.Len() < n {
		b.WriteString(rand.Text())
	}
	return b.String()
}
