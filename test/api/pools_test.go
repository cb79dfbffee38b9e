package api_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"

	"cognate/internal/servertest"
)

const unknownPool = "us-east-1_NoSuchPl1"

// volatile replaces what differs from run to run by a name in angle brackets.
func volatile(body string) string {
	for _, v := range []struct{ pattern, name string }{
		{`us-east-1_[0-9A-Za-z]{9}`, "<pool>"},
		{`\d\.\d+E9`, "<time>"},
		{`"[0-9a-z]{26}"`, `"<client>"`},
	} {
		body = regexp.MustCompile(v.pattern).ReplaceAllString(body, v.name)
	}
	return body
}

// standardSchema is spec/users-and-pools.md §3.1 as it stands on the wire.
func standardSchema() string {
	text := func(name, shortest, longest string) string {
		return `{"AttributeDataType":"String","DeveloperOnlyAttribute":false,"Mutable":true,"Name":"` + name +
			`","Required":false,"StringAttributeConstraints":{"MaxLength":"` + longest + `","MinLength":"` + shortest + `"}}`
	}
	flag := func(name string) string {
		return `{"AttributeDataType":"Boolean","DeveloperOnlyAttribute":false,"Mutable":true,"Name":"` + name + `","Required":false}`
	}
	return "[" + strings.Join([]string{
		text("profile", "0", "2048"), text("address", "0", "2048"), text("birthdate", "10", "10"), text("gender", "0", "2048"),
		text("preferred_username", "0", "2048"),
		`{"AttributeDataType":"Number","DeveloperOnlyAttribute":false,"Mutable":true,"Name":"updated_at","NumberAttributeConstraints":{"MinValue":"0"},"Required":false}`,
		text("website", "0", "2048"), text("picture", "0", "2048"),
		`{"AttributeDataType":"String","DeveloperOnlyAttribute":false,"Mutable":true,"Name":"identities","Required":false,"StringAttributeConstraints":{}}`,
		`{"AttributeDataType":"String","DeveloperOnlyAttribute":false,"Mutable":false,"Name":"sub","Required":true,"StringAttributeConstraints":{"MaxLength":"2048","MinLength":"1"}}`,
		text("phone_number", "0", "2048"), flag("phone_number_verified"), text("zoneinfo", "0", "2048"), text("locale", "0", "2048"),
		text("email", "0", "2048"), flag("email_verified"), text("given_name", "0", "2048"), text("family_name", "0", "2048"),
		text("middle_name", "0", "2048"), text("name", "0", "2048"), text("nickname", "0", "2048"),
	}, ",") + "]"
}

// minimalPool is spec/recorded.md §3.1, with the always described levels of
// spec/newest-features.md §10.1.
func minimalPool() string {
	return `{"UserPool":{` +
		`"AccountRecoverySetting":{"RecoveryMechanisms":[{"Name":"verified_email","Priority":1},{"Name":"verified_phone_number","Priority":2}]},` +
		`"AcrConfiguration":{"Level1":{"AcrValue":"urn:cognito:loa:1"},"Level2":{"AcrValue":"urn:cognito:loa:2"},"Level3":{"AcrValue":"urn:cognito:loa:3"},"Level4":{"AcrValue":"urn:cognito:loa:4"}},` +
		`"AdminCreateUserConfig":{"AllowAdminCreateUserOnly":false,"UnusedAccountValidityDays":7},` +
		`"Arn":"arn:aws:cognito-idp:us-east-1:123456789012:userpool/<pool>",` +
		`"CreationDate":<time>,` +
		`"DeletionProtection":"INACTIVE",` +
		`"EmailConfiguration":{"EmailSendingAccount":"COGNITO_DEFAULT"},` +
		`"EstimatedNumberOfUsers":0,` +
		`"Id":"<pool>",` +
		`"LambdaConfig":{},` +
		`"LastModifiedDate":<time>,` +
		`"MfaConfiguration":"OFF",` +
		`"Name":"shop",` +
		`"Policies":{"PasswordPolicy":{"MinimumLength":8,"RequireLowercase":true,"RequireNumbers":true,"RequireSymbols":true,"RequireUppercase":true,"TemporaryPasswordValidityDays":7},"SignInPolicy":{"AllowedFirstAuthFactors":["PASSWORD"]}},` +
		`"SchemaAttributes":` + standardSchema() + `,` +
		`"UserPoolTags":{},` +
		`"UserPoolTier":"ESSENTIALS",` +
		`"VerificationMessageTemplate":{"DefaultEmailOption":"CONFIRM_WITH_CODE"}}}`
}

func TestAPoolMadeWithANameOnlyIsTheRecordedDocument(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	made := s.Call(t, "CreateUserPool", `{"PoolName":"shop"}`)
	if diff := cmp.Diff(minimalPool(), volatile(made.Body)); made.Status != 200 || diff != "" {
		t.Errorf("created, status %d:\n%s", made.Status, diff)
	}
	var pool struct {
		UserPool struct {
			ID                             string `json:"Id"`
			CreationDate, LastModifiedDate json.RawMessage
		}
	}
	if err := json.Unmarshal([]byte(made.Body), &pool); err != nil {
		t.Fatal(err)
	}
	if string(pool.UserPool.CreationDate) != string(pool.UserPool.LastModifiedDate) {
		t.Errorf("dates differ: %s, %s", pool.UserPool.CreationDate, pool.UserPool.LastModifiedDate)
	}
	described := s.Call(t, "DescribeUserPool", `{"UserPoolId":"`+pool.UserPool.ID+`"}`)
	if described.Body != made.Body {
		t.Errorf("described otherwise:\n%s", cmp.Diff(made.Body, described.Body))
	}
}

func TestAPoolNameHasItsModelsForm(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	for _, name := range []string{"a", strings.Repeat("n", 128), "My pool_1 +=,.@-"} {
		made, err := s.SDK.CreateUserPool(t.Context(), &cip.CreateUserPoolInput{PoolName: &name})
		wantOK(t, err)
		if *made.UserPool.Name != name {
			t.Errorf("%q is named %q", name, *made.UserPool.Name)
		}
	}
	for _, c := range []struct{ name, message string }{
		{"", "Value '' at 'poolName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w\\s+=,.@-]+; Value '' at 'poolName' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{strings.Repeat("n", 129), "Value '" + strings.Repeat("n", 129) + "' at 'poolName' failed to satisfy constraint: Member must have length less than or equal to 128"},
		{"a/b", "Value 'a/b' at 'poolName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w\\s+=,.@-]+"},
	} {
		_, err := s.SDK.CreateUserPool(t.Context(), &cip.CreateUserPoolInput{PoolName: &c.name})
		n := "1 validation error detected: "
		if strings.Contains(c.message, "; ") {
			n = "2 validation errors detected: "
		}
		wantError(t, err, "InvalidParameterException", n+c.message)
	}
}

func TestNumericBoundsOfAPool(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	policy := func(member string, n int) string {
		return fmt.Sprintf(`{"PoolName":"shop","Policies":{"PasswordPolicy":{"%s":%d}}}`, member, n)
	}
	days := func(n int) string {
		return fmt.Sprintf(`{"PoolName":"shop","AdminCreateUserConfig":{"UnusedAccountValidityDays":%d}}`, n)
	}
	for _, c := range []struct {
		body   string
		accept bool
	}{
		{policy("MinimumLength", 5), false},
		{policy("MinimumLength", 6), true},
		{policy("MinimumLength", 99), true},
		{policy("MinimumLength", 100), false},
		{policy("TemporaryPasswordValidityDays", -1), false},
		{policy("TemporaryPasswordValidityDays", 365), true},
		{policy("TemporaryPasswordValidityDays", 366), false},
		{policy("PasswordHistorySize", 24), true},
		{policy("PasswordHistorySize", 25), false},
		{days(365), true},
		{days(366), false},
	} {
		answer := s.Call(t, "CreateUserPool", c.body)
		if c.accept != (answer.Status == 200) || !c.accept && answer.ErrorType() != "InvalidParameterException" {
			t.Errorf("%s: %d %s", c.body, answer.Status, answer.Body)
		}
	}
}

func TestTemplatesKeepTheirPlaceholdersAndLengths(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	for _, c := range []struct {
		member, value string
		accept        bool
	}{
		{"SmsVerificationMessage", "{####}", true},
		{"SmsVerificationMessage", "no code", false},
		{"SmsVerificationMessage", "{####}" + strings.Repeat("x", 134), true},
		{"SmsVerificationMessage", "{####}" + strings.Repeat("x", 135), false},
		{"SmsAuthenticationMessage", "no code", false},
		{"EmailVerificationMessage", "{####}" + strings.Repeat("x", 19994), true},
		{"EmailVerificationMessage", "{####}" + strings.Repeat("x", 19995), false},
		{"EmailVerificationMessage", "no code", false},
		{"EmailVerificationSubject", strings.Repeat("x", 140), true},
		{"EmailVerificationSubject", strings.Repeat("x", 141), false},
	} {
		answer := s.Call(t, "CreateUserPool", fmt.Sprintf(`{"PoolName":"shop",%q:%q}`, c.member, c.value))
		if c.accept != (answer.Status == 200) || !c.accept && answer.ErrorType() != "InvalidParameterException" {
			t.Errorf("%s of %d characters: %d %.200s", c.member, len(c.value), answer.Status, answer.Body)
		}
		if c.accept && !strings.Contains(answer.Body, c.value) {
			t.Errorf("%s is not described", c.member)
		}
	}
}

func TestBadPoolsAreRefusedWithTheServicesTexts(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	for _, c := range []struct{ name, members, code, message string }{
		{"alias and user name attributes", `"AliasAttributes":["email"],"UsernameAttributes":["email"]`, "InvalidParameterException", "Only one of the aliasAttributes or usernameAttributes can be set in a user pool."},
		{"phone without SMS", `"AutoVerifiedAttributes":["phone_number"]`, "InvalidParameterException", "SMS configuration is required when phone_number is selected for auto verification"},
		{"MFA without SMS", `"MfaConfiguration":"OPTIONAL"`, "InvalidParameterException", "SMS configuration and Auto verification for phone_number are required when MFA is required/optional"},
		{"no password factor", `"Policies":{"SignInPolicy":{"AllowedFirstAuthFactors":["WEB_AUTHN"]}}`, "InvalidParameterException", "Password should be configured as one of the allowed first auth factors."},
		{"SMS factor without SMS", `"Policies":{"SignInPolicy":{"AllowedFirstAuthFactors":["PASSWORD","SMS_OTP"]}}`, "InvalidParameterException", "SMS_OTP can not be configured as AuthFactor as user pool is missing valid SMS configuration"},
		{"two lives of temporary passwords", `"Policies":{"PasswordPolicy":{"TemporaryPasswordValidityDays":7}},"AdminCreateUserConfig":{"UnusedAccountValidityDays":7}`, "InvalidParameterException", "Please use TemporaryPasswordValidityDays in PasswordPolicy instead of UnusedAccountValidityDays"},
		{"passwordless on Lite", `"UserPoolTier":"LITE","Policies":{"SignInPolicy":{"AllowedFirstAuthFactors":["PASSWORD","EMAIL_OTP"]}}`, "FeatureUnavailableInTierException", "The following features need to be disabled for the LITE pricing tier configured: Passwordless Sign-In"},
		{"protection on Essentials", `"UserPoolTier":"ESSENTIALS","UserPoolAddOns":{"AdvancedSecurityMode":"ENFORCED"}`, "FeatureUnavailableInTierException", "The following features need to be disabled for the ESSENTIALS pricing tier configured: Threat Protection"},
		{"required custom attribute", `"Schema":[{"Name":"plan","AttributeDataType":"String","Required":true}]`, "InvalidParameterException", "Required custom attributes are not supported currently."},
		{"flag in the schema", `"Schema":[{"Name":"phone_number_verified","AttributeDataType":"Boolean"}]`, "InvalidParameterException", "1 validation error detected: Value 'phone_number_verified' at 'schema.1.member.name' failed to satisfy constraint: Member must have length less than or equal to 20"},
		{"switch of an unknown name", `"MfaConfiguration":"false"`, "InvalidParameterException", "1 validation error detected: Value 'false' at 'mfaConfiguration' failed to satisfy constraint: Member must satisfy enum value set: [OFF, ON, OPTIONAL]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			answer := s.Call(t, "CreateUserPool", `{"PoolName":"shop",`+c.members+`}`)
			message := answer.Message()
			if answer.Status != 400 || answer.ErrorType() != c.code || !sameEnum(message, c.message) {
				t.Errorf("%d %s: %s\nwant %s: %s", answer.Status, answer.ErrorType(), message, c.code, c.message)
			}
		})
	}
}

// sameEnum compares two messages; the order of the values of an enumeration is
// not known of the service.
func sameEnum(got, want string) bool {
	const start = "enum value set: ["
	g, gotValues, ok := strings.Cut(got, start)
	w, wantValues, enum := strings.Cut(want, start)
	if !ok || !enum {
		return got == want
	}
	return g == w && len(gotValues) == len(wantValues)
}

func TestProtectionAtCreationSelectsThePlusPlan(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	made, err := s.SDK.CreateUserPool(t.Context(), &cip.CreateUserPoolInput{
		PoolName:       aws.String("shop"),
		UserPoolAddOns: &types.UserPoolAddOnsType{AdvancedSecurityMode: types.AdvancedSecurityModeTypeAudit},
	})
	wantOK(t, err)
	if made.UserPool.UserPoolTier != types.UserPoolTierTypePlus {
		t.Errorf("plan %s", made.UserPool.UserPoolTier)
	}
}

func TestAnUnknownPoolIsNeverAnEmptyList(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	for operation, members := range map[string]string{
		"DescribeUserPool":           ``,
		"UpdateUserPool":             ``,
		"DeleteUserPool":             ``,
		"AddCustomAttributes":        `,"CustomAttributes":[{"Name":"x","AttributeDataType":"String"}]`,
		"CreateUserPoolClient":       `,"ClientName":"web"`,
		"DescribeUserPoolClient":     `,"ClientId":"abc"`,
		"UpdateUserPoolClient":       `,"ClientId":"abc"`,
		"DeleteUserPoolClient":       `,"ClientId":"abc"`,
		"ListUserPoolClients":        ``,
		"AddUserPoolClientSecret":    `,"ClientId":"abc"`,
		"ListUserPoolClientSecrets":  `,"ClientId":"abc"`,
		"DeleteUserPoolClientSecret": `,"ClientId":"abc","ClientSecretId":"abc--1"`,
		"CreateGroup":                `,"GroupName":"admins"`,
		"GetGroup":                   `,"GroupName":"admins"`,
		"UpdateGroup":                `,"GroupName":"admins"`,
		"DeleteGroup":                `,"GroupName":"admins"`,
		"ListGroups":                 ``,
		"ListUsersInGroup":           `,"GroupName":"admins"`,
		"AdminAddUserToGroup":        `,"GroupName":"admins","Username":"ana"`,
		"AdminRemoveUserFromGroup":   `,"GroupName":"admins","Username":"ana"`,
		"AdminListGroupsForUser":     `,"Username":"ana"`,
	} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			answer := s.Call(t, operation, `{"UserPoolId":"`+unknownPool+`"`+members+`}`)
			if answer.Status != 400 || answer.ErrorType() != "ResourceNotFoundException" || answer.Message() != "User pool "+unknownPool+" does not exist." {
				t.Errorf("%d %s", answer.Status, answer.Body)
			}
		})
	}
}

func TestPoolsAreListedPageByPage(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	made := map[string]bool{}
	for range 5 {
		made[s.CreatePool(t, nil)] = true
	}
	var token *string
	for page := 1; ; page++ {
		out, err := s.SDK.ListUserPools(t.Context(), &cip.ListUserPoolsInput{MaxResults: aws.Int32(2), NextToken: token})
		wantOK(t, err)
		for _, p := range out.UserPools {
			if !made[*p.Id] || *p.Name != "test" || p.LambdaConfig == nil || p.CreationDate == nil || p.LastModifiedDate == nil {
				t.Errorf("entry %+v", p)
			}
			delete(made, *p.Id)
		}
		if out.NextToken == nil {
			if page != 3 || len(made) > 0 {
				t.Errorf("%d pages; not listed: %v", page, made)
			}
			break
		}
		token = out.NextToken
	}
	_, err := s.SDK.ListUserPools(t.Context(), &cip.ListUserPoolsInput{MaxResults: aws.Int32(2), NextToken: aws.String("bogus")})
	wantError(t, err, "InvalidParameterException", "Invalid pagination token")
	for _, n := range []int32{0, 61} {
		_, err := s.SDK.ListUserPools(t.Context(), &cip.ListUserPoolsInput{MaxResults: &n})
		wantCode(t, err, "InvalidParameterException")
	}
	entry := s.Call(t, "ListUserPools", `{"MaxResults":1}`)
	want := `{"NextToken":"<token>","UserPools":[{"CreationDate":<time>,"Id":"<pool>","LambdaConfig":{},"LastModifiedDate":<time>,"Name":"test"}]}`
	got := regexp.MustCompile(`"NextToken":"[^"]+"`).ReplaceAllString(volatile(entry.Body), `"NextToken":"<token>"`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestS137APoolIsKnownInItsOwnRegionOnly(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	elsewhere := s.Client(servertest.RootAccessKeyID, servertest.RootSecretAccessKey, func(o *cip.Options) { o.Region = "eu-west-1" })
	made, err := elsewhere.CreateUserPool(t.Context(), &cip.CreateUserPoolInput{PoolName: aws.String("abroad")})
	wantOK(t, err)
	id := *made.UserPool.Id
	if !strings.HasPrefix(id, "eu-west-1_") || *made.UserPool.Arn != "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/"+id {
		t.Errorf("id %s, ARN %s", id, *made.UserPool.Arn)
	}
	unknown := "User pool " + id + " does not exist."
	_, err = s.SDK.DescribeUserPool(t.Context(), &cip.DescribeUserPoolInput{UserPoolId: &id})
	wantError(t, err, "ResourceNotFoundException", unknown)
	_, err = s.SDK.DeleteUserPool(t.Context(), &cip.DeleteUserPoolInput{UserPoolId: &id})
	wantError(t, err, "ResourceNotFoundException", unknown)
	_, err = s.SDK.CreateGroup(t.Context(), &cip.CreateGroupInput{UserPoolId: &id, GroupName: aws.String("admins")})
	wantError(t, err, "ResourceNotFoundException", unknown)
	_, err = elsewhere.DescribeUserPool(t.Context(), &cip.DescribeUserPoolInput{UserPoolId: &id})
	wantOK(t, err)

	listed, err := elsewhere.ListUserPools(t.Context(), &cip.ListUserPoolsInput{MaxResults: aws.Int32(60)})
	wantOK(t, err)
	found := false
	for _, p := range listed.UserPools {
		found = found || *p.Id == id
		if !strings.HasPrefix(*p.Id, "eu-west-1_") {
			t.Errorf("%s is listed in eu-west-1", *p.Id)
		}
	}
	if !found {
		t.Error("the pool is not listed in its Region")
	}
}

func TestUsersArePartOfTheEstimate(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	id := s.CreatePool(t, nil)
	s.CreateUser(t, id, "ana", "Correct-horse-9")
	s.CreateUser(t, id, "ben", "Correct-horse-9")
	_, err := s.SDK.AdminDeleteUser(t.Context(), &cip.AdminDeleteUserInput{UserPoolId: &id, Username: aws.String("ben")})
	wantOK(t, err)
	described, err := s.SDK.DescribeUserPool(t.Context(), &cip.DescribeUserPoolInput{UserPoolId: &id})
	wantOK(t, err)
	if described.UserPool.EstimatedNumberOfUsers != 1 {
		t.Errorf("estimated %d users", described.UserPool.EstimatedNumberOfUsers)
	}
}

func TestCustomAttributesAreAddedOnce(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	id := s.CreatePool(t, nil)
	add := func(attributes ...types.SchemaAttributeType) error {
		_, err := s.SDK.AddCustomAttributes(t.Context(), &cip.AddCustomAttributesInput{UserPoolId: &id, CustomAttributes: attributes})
		return err
	}
	plan := types.SchemaAttributeType{Name: aws.String("plan"), AttributeDataType: types.AttributeDataTypeString}
	wantOK(t, add(plan, types.SchemaAttributeType{Name: aws.String("seats"), AttributeDataType: types.AttributeDataTypeNumber}))
	wantError(t, add(plan), "InvalidParameterException", "custom:plan: Existing attribute already has name custom:plan.")
	wantCode(t, add(types.SchemaAttributeType{Name: aws.String(strings.Repeat("n", 21)), AttributeDataType: types.AttributeDataTypeString}), "InvalidParameterException")
	wantOK(t, add(types.SchemaAttributeType{Name: aws.String(strings.Repeat("n", 20)), AttributeDataType: types.AttributeDataTypeString}))

	described, err := s.SDK.DescribeUserPool(t.Context(), &cip.DescribeUserPoolInput{UserPoolId: &id})
	wantOK(t, err)
	var names []string
	for _, a := range described.UserPool.SchemaAttributes[21:] {
		names = append(names, *a.Name)
	}
	if diff := cmp.Diff([]string{"custom:plan", "custom:seats", "custom:" + strings.Repeat("n", 20)}, names); diff != "" {
		t.Error(diff)
	}
	// A user can have the new attribute at once: no node works with an old schema of its own.
	s.CreateUser(t, id, "ana", "Correct-horse-9", "custom:plan", "gold")
}

func TestS173AddedAttributesEndAtFifty(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	id := s.CreatePool(t, nil)
	add := func(from, to int) servertest.Answer {
		var list []string
		for i := from; i < to; i++ {
			list = append(list, fmt.Sprintf(`{"Name":"a%d","AttributeDataType":"String"}`, i))
		}
		return s.Call(t, "AddCustomAttributes", `{"UserPoolId":"`+id+`","CustomAttributes":[`+strings.Join(list, ",")+`]}`)
	}
	if got := add(0, 26); got.ErrorType() != "InvalidParameterException" {
		t.Errorf("26 in one call: %s", got.Body)
	}
	for _, from := range []int{0, 25} {
		if got := add(from, from+25); got.Status != 200 || got.Body != "{}" {
			t.Fatalf("from %d: %s", from, got.Body)
		}
	}
	if got := add(50, 51); got.ErrorType() != "InvalidParameterException" {
		t.Errorf("the 51st: %s", got.Body)
	}
}
