package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/google/go-cmp/cmp"

	"cognate/internal/servertest"
)

func arnOf(pool string) string { return "arn:aws:cognito-idp:us-east-1:123456789012:userpool/" + pool }

func TestTagsAreThoseOfThePool(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool := s.CreatePool(t, func(in *cip.CreateUserPoolInput) { in.UserPoolTags = map[string]string{"team": "shop", "env": "test"} })
	arn := arnOf(pool)
	tagged := s.Call(t, "TagResource", `{"ResourceArn":"`+arn+`","Tags":{"team":"store","empty":""}}`)
	if tagged.Status != 200 || tagged.Body != "{}" {
		t.Errorf("%d %s", tagged.Status, tagged.Body)
	}
	untagged := s.Call(t, "UntagResource", `{"ResourceArn":"`+arn+`","TagKeys":["env","none"]}`)
	if untagged.Status != 200 || untagged.Body != "{}" {
		t.Errorf("%d %s", untagged.Status, untagged.Body)
	}
	want := map[string]string{"team": "store", "empty": ""}
	listed, err := s.SDK.ListTagsForResource(t.Context(), &cip.ListTagsForResourceInput{ResourceArn: &arn})
	wantOK(t, err)
	if diff := cmp.Diff(want, listed.Tags); diff != "" {
		t.Error(diff)
	}
	described, err := s.SDK.DescribeUserPool(t.Context(), &cip.DescribeUserPoolInput{UserPoolId: &pool})
	wantOK(t, err)
	if diff := cmp.Diff(want, described.UserPool.UserPoolTags); diff != "" {
		t.Error(diff)
	}
	_, err = s.SDK.UpdateUserPool(t.Context(), &cip.UpdateUserPoolInput{UserPoolId: &pool, UserPoolTags: map[string]string{"only": "this"}})
	wantOK(t, err)
	if got := s.Call(t, "ListTagsForResource", `{"ResourceArn":"`+arn+`"}`); got.Body != `{"Tags":{"only":"this"}}` {
		t.Errorf("after an update with tags: %s", got.Body)
	}
}

func TestTagsOfAPoolWithoutAnyAreAnEmptyMap(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	if got := s.Call(t, "ListTagsForResource", `{"ResourceArn":"`+arnOf(s.CreatePool(t, nil))+`"}`); got.Body != `{"Tags":{}}` {
		t.Error(got.Body)
	}
}

func TestTagsHaveTheServicesBounds(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool := s.CreatePool(t, nil)
	tag := func(key, value string) servertest.Answer {
		return s.Call(t, "TagResource", fmt.Sprintf(`{"ResourceArn":%q,"Tags":{%q:%q}}`, arnOf(pool), key, value))
	}
	for _, c := range []struct {
		key, value string
		accept     bool
	}{
		{"k", "", true},
		{strings.Repeat("k", 128), strings.Repeat("v", 256), true},
		{"", "v", false},
		{strings.Repeat("k", 129), "v", false},
		{"k", strings.Repeat("v", 257), false},
	} {
		answer := tag(c.key, c.value)
		if c.accept != (answer.Status == 200) || !c.accept && answer.ErrorType() != "InvalidParameterException" {
			t.Errorf("key of %d, value of %d characters: %d %s", len(c.key), len(c.value), answer.Status, answer.Body)
		}
	}
}

func TestS173APoolHasFiftyTags(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	tags := map[string]string{}
	for i := range 50 {
		tags[fmt.Sprint("tag", i)] = "x"
	}
	pool := s.CreatePool(t, func(in *cip.CreateUserPoolInput) { in.UserPoolTags = tags })
	tagOne := func(key string) error {
		_, err := s.SDK.TagResource(t.Context(), &cip.TagResourceInput{ResourceArn: aws.String(arnOf(pool)), Tags: map[string]string{key: "y"}})
		return err
	}
	wantCode(t, tagOne("tag50"), "InvalidParameterException")
	wantOK(t, tagOne("tag49")) // no new one
	tags["tag50"] = "x"
	_, err := s.SDK.UpdateUserPool(t.Context(), &cip.UpdateUserPoolInput{UserPoolId: &pool, UserPoolTags: tags})
	wantCode(t, err, "UserPoolTaggingException")
	_, err = s.SDK.CreateUserPool(t.Context(), &cip.CreateUserPoolInput{PoolName: aws.String("shop"), UserPoolTags: tags})
	wantCode(t, err, "UserPoolTaggingException")
}

func TestS137OnlyTheExactARNOfAPoolHasTags(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool := s.CreatePool(t, func(in *cip.CreateUserPoolInput) { in.UserPoolTags = map[string]string{"team": "shop"} })
	for _, c := range []struct{ arn, code, message string }{
		{arnOf(unknownPool), "ResourceNotFoundException", "User pool " + unknownPool + " does not exist."},
		{"arn:aws:cognito-idp:us-east-1:210987654321:userpool/" + pool, "ResourceNotFoundException", "User pool " + pool + " does not exist."},
		{"arn:aws:cognito-idp:eu-west-1:123456789012:userpool/" + pool, "ResourceNotFoundException", "User pool " + pool + " does not exist."},
		{"arn:aws:cognito-identity:us-east-1:123456789012:userpool/" + pool, "InvalidParameterException", "Invalid ARN"},
		{"arn:aws:cognito-idp:us-east-1:123456789012:group/" + pool, "InvalidParameterException", "Invalid ARN"},
	} {
		for operation, members := range map[string]string{
			"ListTagsForResource": ``,
			"TagResource":         `,"Tags":{"a":"b"}`,
			"UntagResource":       `,"TagKeys":["team"]`,
		} {
			answer := s.Call(t, operation, `{"ResourceArn":"`+c.arn+`"`+members+`}`)
			if answer.Status != 400 || answer.ErrorType() != c.code || answer.Message() != c.message {
				t.Errorf("%s of %s: %d %s", operation, c.arn, answer.Status, answer.Body)
			}
		}
	}
	if got := s.Call(t, "ListTagsForResource", `{"ResourceArn":"`+arnOf(pool)+`"}`); got.Body != `{"Tags":{"team":"shop"}}` {
		t.Errorf("tags changed: %s", got.Body)
	}
}
