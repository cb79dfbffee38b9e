package api_test

import (
	"bytes"
	"image/png"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// newLook is a pool with a client and a domain.
func newLook(t *testing.T) *branded {
	t.Helper()
	b := newBranded(t, nil)
	_, err := makeDomain(t, b.Server, b.pool, newPrefix(), nil)
	wantOK(t, err)
	return b
}

func (b *branded) setLook(t *testing.T, client, css string, logo []byte) (*types.UICustomizationType, error) {
	t.Helper()
	in := &cip.SetUICustomizationInput{UserPoolId: &b.pool, ImageFile: logo}
	if client != "" {
		in.ClientId = &client
	}
	if css != "" {
		in.CSS = &css
	}
	out, err := b.SDK.SetUICustomization(t.Context(), in)
	if err != nil {
		return nil, err
	}
	return out.UICustomization, nil
}

func (b *branded) look(t *testing.T, client string) *types.UICustomizationType {
	t.Helper()
	in := &cip.GetUICustomizationInput{UserPoolId: &b.pool}
	if client != "" {
		in.ClientId = &client
	}
	out, err := b.SDK.GetUICustomization(t.Context(), in)
	wantOK(t, err)
	return out.UICustomization
}

const labelCSS = ".label-customizable {\n  font-weight: 400; /* as it was */\n}"

var ignoreLook = cmpopts.IgnoreUnexported(types.UICustomizationType{})

func TestALookIsGivenBackAsItWasSet(t *testing.T) {
	t.Parallel()
	b := newLook(t)
	set, err := b.setLook(t, b.client, labelCSS, picture(t))
	wantOK(t, err)
	if aws.ToString(set.CSS) != labelCSS || aws.ToString(set.ClientId) != b.client || aws.ToString(set.UserPoolId) != b.pool ||
		!regexp.MustCompile(`^20\d{12}$`).MatchString(aws.ToString(set.CSSVersion)) || set.CreationDate.IsZero() {
		t.Errorf("%+v", set)
	}
	if diff := cmp.Diff(set, b.look(t, b.client), ignoreLook); diff != "" {
		t.Errorf("(-set +got):\n%s", diff)
	}
	path, ok := strings.CutPrefix(aws.ToString(set.ImageUrl), b.URL)
	if !ok {
		t.Fatalf("ImageUrl %s", aws.ToString(set.ImageUrl))
	}
	logo := fetch(t, b.Server, path)
	config, err := png.DecodeConfig(strings.NewReader(logo.Body))
	if err != nil || config.Width != 3 || logo.Header.Get("Content-Type") != "image/png" || strings.Contains(logo.Body, "script") {
		t.Errorf("logo: %d %v %v", logo.Status, logo.Header, err)
	}
	// Both are set together: what a request leaves out is gone.
	b.Advance(time.Second)
	again, err := b.setLook(t, b.client, labelCSS, nil)
	wantOK(t, err)
	if again.ImageUrl != nil || !aws.ToTime(again.CreationDate).Equal(aws.ToTime(set.CreationDate)) || !aws.ToTime(again.LastModifiedDate).After(aws.ToTime(set.LastModifiedDate)) {
		t.Errorf("without a logo: %+v", again)
	}
	if gone := fetch(t, b.Server, path); gone.Status != 404 {
		t.Errorf("the old logo: %d", gone.Status)
	}
}

func TestClientsWithoutALookHaveThatOfAll(t *testing.T) {
	t.Parallel()
	b := newLook(t)
	none := b.Call(t, "GetUICustomization", `{"UserPoolId":"`+b.pool+`","ClientId":"`+b.client+`"}`)
	if none.Body != `{"UICustomization":{}}` {
		t.Errorf("nothing set: %s", none.Body)
	}
	all, err := b.setLook(t, "", labelCSS, nil)
	wantOK(t, err)
	if aws.ToString(all.ClientId) != "ALL" {
		t.Errorf("%+v", all)
	}
	if diff := cmp.Diff(all, b.look(t, b.client), ignoreLook); diff != "" {
		t.Errorf("of the client (-all +got):\n%s", diff)
	}
	own, err := b.setLook(t, b.client, ".label-customizable{color:red}", nil)
	wantOK(t, err)
	if diff := cmp.Diff(own, b.look(t, b.client), ignoreLook); diff != "" {
		t.Errorf("of its own (-own +got):\n%s", diff)
	}
	if diff := cmp.Diff(all, b.look(t, "ALL"), ignoreLook); diff != "" {
		t.Errorf("of all (-all +got):\n%s", diff)
	}
	_, err = b.setLook(t, b.client, "", nil)
	wantOK(t, err)
	if diff := cmp.Diff(all, b.look(t, b.client), ignoreLook); diff != "" {
		t.Errorf("of all again (-all +got):\n%s", diff)
	}
}

func TestS141LooksThatAreRefused(t *testing.T) {
	t.Parallel()
	b := newLook(t)
	for _, css := range []string{
		`@import "//evil.example";`, `.label-customizable{color:url(//evil.example)}`, `body{color:red}`, `</style><script>alert(1)</script>`,
		`.label-customizable{position:fixed}`, `@media screen{.label-customizable{color:red}}`,
	} {
		_, err := b.setLook(t, b.client, css, nil)
		t.Log(css)
		wantCode(t, err, "InvalidParameterException")
	}
	for name, logo := range map[string][]byte{
		"drawing": []byte(drawing), "GIF": []byte("GIF89a"), "page": []byte("<html>"), "page as PNG": []byte("\x89PNG\r\n\x1a\n<html>"),
		"large": append(picture(t), bytes.Repeat([]byte{0}, 100<<10)...),
	} {
		_, err := b.setLook(t, b.client, "", logo)
		t.Log(name)
		wantCode(t, err, "InvalidParameterException")
	}
	_, err := b.setLook(t, b.client, strings.Repeat(" ", 130<<10), bytes.Repeat([]byte{0}, 10<<10))
	wantCode(t, err, "InvalidParameterException")
	_, err = b.setLook(t, b.client, strings.Repeat(" ", 120<<10), bytes.Repeat([]byte{0}, 20<<10))
	wantError(t, err, "InvalidParameterException", "request parameters too large")
	if none := b.look(t, b.client); none.CSS != nil || none.ClientId != nil {
		t.Errorf("something was set: %+v", none)
	}
}

func TestALookNeedsADomain(t *testing.T) {
	t.Parallel()
	b := newBranded(t, nil)
	const want = "There has to be an existing domain associated with this user pool"
	_, err := b.setLook(t, b.client, labelCSS, nil)
	wantError(t, err, "InvalidParameterException", want)
	_, err = b.SDK.GetUICustomization(t.Context(), &cip.GetUICustomizationInput{UserPoolId: &b.pool})
	wantError(t, err, "InvalidParameterException", want)
	_, err = b.setLook(t, "nobody", labelCSS, nil)
	wantError(t, err, "ResourceNotFoundException", "User pool client nobody does not exist.")
}
