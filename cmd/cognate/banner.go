package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/template"

	"cognate/internal/server"
)

// banner is what dev prints when it is ready.
type banner struct {
	w                      io.Writer
	colour                 bool
	endpoint, region, data string
	https, trust           string // the same over TLS, and the command that makes programs trust it
	program                string // how this program was called
	exposed                string // address, when others than this machine can reach it
	sample                 *server.Sample
}

// The examples work as printed: the words between the quotes are this
// server's own.
const bannerText = `
{{bold "Cognate is ready"}}  (development mode: any credentials are accepted; not for production)
{{with .Exposed}}
{{red (print "Reachable from other machines at " .)}}
{{end}}
  Start page {{.Endpoint}}/
  Endpoint   {{.Endpoint}}
  HTTPS      {{.HTTPS}}   (to trust it: {{.Trust}})
  Inbox      {{.Endpoint}}/_cognate/inbox
  Data       {{.Data}}
{{- with .Sample}}
  User pool  {{.UserPoolID}}
  Client     {{.ClientID}}   (public, no secret)
  User       {{.Username}}
  Password   {{.Password}}   (another one at each start)
  Issuer     {{.Issuer}}
  Domain     {{.Domain}}
  Identities {{.IdentityPoolID}}   (identity pool: AWS credentials for users and guests)

{{bold "AWS CLI"}}
  AWS_ACCESS_KEY_ID=dev AWS_SECRET_ACCESS_KEY=dev aws cognito-idp list-users --user-pool-id {{.UserPoolID}} --region {{$.Region}} --endpoint-url {{$.Endpoint}}

{{bold "JavaScript"}} (npm install @aws-sdk/client-cognito-identity-provider; save as sign-in.mjs; node sign-in.mjs)
  import { CognitoIdentityProvider } from "@aws-sdk/client-cognito-identity-provider";
  const cognito = new CognitoIdentityProvider({ endpoint: "{{$.Endpoint}}", region: "{{$.Region}}" });
  const AuthParameters = { USERNAME: "{{.Username}}", PASSWORD: "{{.Password}}" };
  const answer = await cognito.initiateAuth({ AuthFlow: "USER_PASSWORD_AUTH", ClientId: "{{.ClientID}}", AuthParameters });
  console.log(answer.AuthenticationResult.AccessToken);
{{- end}}

Point every SDK and the CLI here:  eval "$({{.Program}} env{{if ne .Endpoint "http://localhost:7665"}} --public-url {{.Endpoint}}{{end}})"
Stop with Ctrl-C.
`

func (b *banner) print() error {
	paint := func(code string) func(string) string {
		return func(s string) string {
			if !b.colour {
				return s
			}
			return "\x1b[" + code + "m" + s + "\x1b[0m"
		}
	}
	t, err := template.New("banner").Funcs(template.FuncMap{"bold": paint("1"), "red": paint("1;31")}).Parse(bannerText)
	if err != nil {
		return fmt.Errorf("parse the banner: %w", err)
	}
	return t.Execute(b.w, struct {
		Endpoint, HTTPS, Trust, Program, Region, Data, Exposed string
		Sample                                                 *server.Sample
	}{strings.TrimRight(b.endpoint, "/"), b.https, b.trust, b.program, b.region, b.data, b.exposed, b.sample})
}

func announceJSON(w io.Writer, endpoint, https string, sample *server.Sample) error {
	return json.NewEncoder(w).Encode(struct {
		Endpoint string         `json:"endpoint"`
		HTTPS    string         `json:"https"`
		Inbox    string         `json:"inbox"`
		Sample   *server.Sample `json:"sample,omitzero"`
	}{endpoint, https, strings.TrimRight(endpoint, "/") + "/_cognate/inbox", sample})
}
