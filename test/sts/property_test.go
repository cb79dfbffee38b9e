package sts_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"pgregory.net/rapid"

	"cognate/internal/api"
	contract "cognate/internal/api/sts"
	"cognate/internal/servertest"
	"cognate/internal/servertest/inputs"
)

// Errors that may answer any operation: those of the query protocol and of signatures,
// which no model lists (identity-pools.md D2, F2).
var anywhere = []string{"ValidationError", "MalformedInput", "MalformedQueryString", "AccessDenied", "InvalidClientTokenId", "SignatureDoesNotMatch"}

// Inputs made from the constraints table, right and wrong, reach every operation: each
// answer is a success, an error of the operation's model, or one of the protocol's.
// Nothing is an error of the server.
func TestEveryOperationAnswersInputsFromItsConstraintsAsItsModelSays_S170(t *testing.T) {
	t.Parallel()
	for mode, s := range map[string]*servertest.Server{"serve": servertest.Shared(t), "dev": servertest.Start(t, dev)} {
		p := newPools(t, s)
		_, token := p.openID(t, nil)
		known := map[string][]string{
			"RoleArn":          {"arn:aws:iam::" + account + ":role/app", "arn:aws:iam::999999999999:role/app"},
			"RoleSessionName":  {"ana"},
			"WebIdentityToken": {token, token[:len(token)-1], p.login(t)[p.provider]},
			"Policy":           {`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`, "{}"},
			"arn":              {"arn:aws:iam::aws:policy/AdministratorAccess"},
			"DurationSeconds":  {"900", "3600"},
		}
		for _, name := range []string{"AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity", "GetCallerIdentity", "GetSessionToken"} {
			t.Run(mode+"/"+name, func(t *testing.T) {
				t.Parallel()
				operation := contract.Operations[name]
				rapid.Check(t, func(r *rapid.T) {
					form := url.Values{"Action": {name}, "Version": {"2011-06-15"}}
					(&former{known, form}).fill(r, operation.Input, "", "")
					check(t, r, s, operation, form)
				})
			})
		}
	}
}

func check(t *testing.T, r *rapid.T, s *servertest.Server, operation *api.Operation, form url.Values) {
	body := form.Encode()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/", strings.NewReader(body))
	if err != nil {
		r.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if operation.Access == api.Signed {
		sum := sha256.Sum256([]byte(body))
		who := aws.Credentials{AccessKeyID: servertest.RootAccessKeyID, SecretAccessKey: servertest.RootSecretAccessKey}
		if err := v4.NewSigner().SignHTTP(t.Context(), who, request, hex.EncodeToString(sum[:]), "sts", s.Region, s.Now()); err != nil {
			r.Fatal(err)
		}
	}
	answer, err := s.HTTP.Do(request)
	if err != nil {
		r.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		r.Fatal(err)
	}
	if answer.StatusCode == http.StatusOK {
		return
	}
	var refusal struct {
		Code string `xml:"Error>Code"`
	}
	if err := xml.Unmarshal(text, &refusal); err != nil {
		r.Fatalf("%v: %s", err, text)
	}
	if answer.StatusCode >= 500 {
		r.Fatalf("%d %s to %s", answer.StatusCode, text, body)
	}
	if !slices.Contains(anywhere, refusal.Code) && !slices.Contains(operation.Errors, refusal.Code) {
		r.Errorf("%s to %s, which the model does not list", text, body)
	}
}

// former makes the form of a shape: usually legal values, now and then one past a
// boundary, of another form, or absent.
type former struct {
	known inputs.Values
	form  url.Values
}

func (f *former) fill(r *rapid.T, shape *api.Shape, name, member string) {
	if rapid.IntRange(0, 49).Draw(r, "odd") == 0 && name != "" {
		f.form.Set(name, rapid.SampledFrom([]string{"", "x", "-1", "\x00", strings.Repeat("y", 3000), "%"}).Draw(r, "value"))
		return
	}
	switch shape.Kind {
	case api.KindStructure:
		for _, m := range shape.Members {
			if inputs.Present(r, m) {
				f.fill(r, m.Shape, join(name, m.Name), m.Name)
			}
		}
	case api.KindList:
		for i := range rapid.IntRange(0, 3).Draw(r, "length") {
			f.fill(r, shape.Elem, join(name, "member."+strconv.Itoa(i+1)), "")
		}
	default:
		f.form.Set(name, f.text(r, shape, member))
	}
}

func join(name, part string) string {
	if name == "" {
		return part
	}
	return name + "." + part
}

func (f *former) text(r *rapid.T, shape *api.Shape, member string) string {
	if known, ok := f.known.Known(r, member); ok {
		return known
	}
	if shape.Kind == api.KindInteger {
		return strconv.FormatInt(inputs.Number(r, shape), 10)
	}
	return inputs.Text(r, shape)
}
