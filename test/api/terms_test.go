package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"cognate/internal/servertest"
)

func (b *branded) createTerms(t *testing.T, client, name string, links map[string]string) (*types.TermsType, error) {
	t.Helper()
	out, err := b.SDK.CreateTerms(t.Context(), &cip.CreateTermsInput{
		UserPoolId: &b.pool, ClientId: &client, TermsName: &name, TermsSource: types.TermsSourceTypeLink,
		Enforcement: types.TermsEnforcementTypeNone, Links: links,
	})
	if err != nil {
		return nil, err
	}
	return out.Terms, nil
}

var (
	english     = map[string]string{"cognito:default": "https://example.com/terms", "cognito:english": "https://example.com/en/terms?x=1#y"}
	ignoreTerms = cmpopts.IgnoreUnexported(types.TermsType{}, types.TermsDescriptionType{})
)

func TestTermsAreDescribedAsTheyWereMade(t *testing.T) {
	t.Parallel()
	b := newBranded(t, lite) // terms belong to every plan
	made, err := b.createTerms(t, b.client, "terms-of-use", english)
	wantOK(t, err)
	if len(aws.ToString(made.TermsId)) != 36 || made.CreationDate.IsZero() || !aws.ToTime(made.CreationDate).Equal(aws.ToTime(made.LastModifiedDate)) {
		t.Errorf("%+v", made)
	}
	want := &types.TermsType{
		TermsId: made.TermsId, UserPoolId: &b.pool, ClientId: &b.client, TermsName: aws.String("terms-of-use"), TermsSource: types.TermsSourceTypeLink,
		Enforcement: types.TermsEnforcementTypeNone, Links: english, CreationDate: made.CreationDate, LastModifiedDate: made.LastModifiedDate,
	}
	if diff := cmp.Diff(want, made, ignoreTerms); diff != "" {
		t.Errorf("made (-want +got):\n%s", diff)
	}
	by, err := b.SDK.DescribeTerms(t.Context(), &cip.DescribeTermsInput{UserPoolId: &b.pool, TermsId: made.TermsId})
	wantOK(t, err)
	if diff := cmp.Diff(want, by.Terms, ignoreTerms); diff != "" {
		t.Errorf("described (-want +got):\n%s", diff)
	}
	// The SDK of the tests is older than this operation.
	byClient := func(name string) servertest.Answer {
		return b.Call(t, "DescribeTermsByClient", fmt.Sprintf(`{"UserPoolId":%q,"ClientId":%q,"TermsName":%q}`, b.pool, b.client, name))
	}
	byID := b.Call(t, "DescribeTerms", fmt.Sprintf(`{"UserPoolId":%q,"TermsId":%q}`, b.pool, *made.TermsId))
	if got := byClient("terms-of-use"); got.Status != 200 || got.Body != byID.Body {
		t.Errorf("by client %s\nby id     %s", got.Body, byID.Body)
	}
	if got := byClient("privacy-policy"); got.ErrorType() != "ResourceNotFoundException" {
		t.Errorf("%d %s", got.Status, got.Body)
	}
}

func TestTermsThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	b := newBranded(t, nil)
	for _, links := range []map[string]string{
		nil,
		{"cognito:english": "https://example.com"},
		{"cognito:default": "https://example.com", "cognito:klingon": "https://example.com"},
		{"cognito:default": "javascript:alert(1)"},
		{"cognito:default": "data:text/html,x"},
		{"cognito:default": "//example.com/terms"},
		{"cognito:default": "/terms"},
		{"cognito:default": "https://example.com@evil.example/"},
		{"cognito:default": "https://"},
		{"cognito:default": "https://example.com/" + strings.Repeat("a", 1024)},
		{"cognito:default": "https://example.com/a b"},
	} {
		_, err := b.createTerms(t, b.client, "terms-of-use", links)
		t.Log(links)
		wantCode(t, err, "InvalidParameterException")
	}
	_, err := b.createTerms(t, b.client, "other", english)
	wantCode(t, err, "InvalidParameterException")
	_, err = b.createTerms(t, "nobody", "terms-of-use", english)
	wantError(t, err, "ResourceNotFoundException", "User pool client nobody does not exist.")
	_, err = b.createTerms(t, b.client, "terms-of-use", english)
	wantOK(t, err)
	_, err = b.createTerms(t, b.client, "terms-of-use", english)
	wantCode(t, err, "TermsExistsException")
	_, err = b.createTerms(t, b.client, "privacy-policy", english)
	wantOK(t, err)
}

func TestTermsAreChangedAndDeleted(t *testing.T) {
	t.Parallel()
	b := newBranded(t, nil)
	made, err := b.createTerms(t, b.client, "terms-of-use", english)
	wantOK(t, err)
	b.Advance(time.Second)
	update := func(change func(*cip.UpdateTermsInput)) (*types.TermsType, error) {
		in := &cip.UpdateTermsInput{UserPoolId: &b.pool, TermsId: made.TermsId}
		change(in)
		out, err := b.SDK.UpdateTerms(t.Context(), in)
		if err != nil {
			return nil, err
		}
		return out.Terms, nil
	}
	german := map[string]string{"cognito:default": "https://example.com", "cognito:german": "https://example.com/de"}
	got, err := update(func(in *cip.UpdateTermsInput) { in.Links = german })
	wantOK(t, err)
	want := *made
	want.Links, want.LastModifiedDate = german, got.LastModifiedDate
	if diff := cmp.Diff(&want, got, ignoreTerms); diff != "" || !aws.ToTime(got.LastModifiedDate).After(aws.ToTime(made.LastModifiedDate)) {
		t.Errorf("(-want +got):\n%s", diff)
	}
	got, err = update(func(in *cip.UpdateTermsInput) { in.TermsName = aws.String("privacy-policy") })
	wantOK(t, err)
	want.TermsName, want.LastModifiedDate = aws.String("privacy-policy"), got.LastModifiedDate
	if diff := cmp.Diff(&want, got, ignoreTerms); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	_, err = b.createTerms(t, b.client, "terms-of-use", english)
	wantOK(t, err)
	_, err = update(func(in *cip.UpdateTermsInput) { in.TermsName = aws.String("terms-of-use") })
	wantCode(t, err, "TermsExistsException")
	_, err = update(func(in *cip.UpdateTermsInput) { in.Links = map[string]string{"cognito:german": "https://example.com"} })
	wantCode(t, err, "InvalidParameterException")
	body := fmt.Sprintf(`{"UserPoolId":%q,"TermsId":%q}`, b.pool, *made.TermsId)
	if a := b.Call(t, "DeleteTerms", body); a.Status != 200 || a.Body != "" {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	if a := b.Call(t, "DeleteTerms", body); a.ErrorType() != "ResourceNotFoundException" {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	_, err = update(func(in *cip.UpdateTermsInput) { in.Links = english })
	wantCode(t, err, "ResourceNotFoundException")
}

func TestS173APoolHasFortyTerms(t *testing.T) {
	t.Parallel()
	b := newBranded(t, nil)
	empty := b.Call(t, "ListTerms", `{"UserPoolId":"`+b.pool+`"}`)
	if empty.Body != `{"Terms":[]}` {
		t.Errorf("no terms: %s", empty.Body)
	}
	want := map[string]string{}
	for range 20 {
		client := b.CreateClient(t, b.pool, nil)
		for _, name := range []string{"terms-of-use", "privacy-policy"} {
			made, err := b.createTerms(t, client, name, english)
			wantOK(t, err)
			want[*made.TermsId] = name
		}
	}
	_, err := b.createTerms(t, b.client, "terms-of-use", english)
	wantCode(t, err, "LimitExceededException")

	got := map[string]string{}
	in := &cip.ListTermsInput{UserPoolId: &b.pool, MaxResults: aws.Int32(15)}
	for pages := 1; ; pages++ {
		out, err := b.SDK.ListTerms(t.Context(), in)
		wantOK(t, err)
		for _, one := range out.Terms {
			got[*one.TermsId] = *one.TermsName
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			if pages != 3 {
				t.Errorf("%d pages", pages)
			}
			break
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	_, err = b.SDK.ListTerms(t.Context(), &cip.ListTermsInput{UserPoolId: &b.pool, NextToken: aws.String("forged")})
	wantCode(t, err, "InvalidParameterException")
	_, err = b.SDK.ListTerms(t.Context(), &cip.ListTermsInput{UserPoolId: aws.String(unknownPool)})
	wantCode(t, err, "ResourceNotFoundException")
}
