package poolcopy

import (
	"context"
	"encoding/json"
	"slices"
	"testing"

	"cognate/internal/api"
)

// other answers by operation; those that it does not have are refused with deny.
type other struct {
	answers map[string]string
	deny    string
}

func (o other) Call(_ context.Context, operation string, _, out any) error {
	answer, ok := o.answers[operation]
	if !ok {
		return &api.Error{Code: o.deny, Message: operation}
	}
	return json.Unmarshal([]byte(answer), out)
}

func shop(client, secrets string) other {
	o := other{deny: "AccessDeniedException", answers: map[string]string{
		"DescribeUserPool": `{"UserPool":{"Id":"eu-west-1_a","Name":"shop"}}`, "GetUserPoolMfaConfig": `{}`,
		"ListResourceServers": `{}`, "ListIdentityProviders": `{}`, "ListGroups": `{}`,
		"ListUserPoolClients": `{"UserPoolClients":[{"ClientId":"c"}]}`, "DescribeUserPoolClient": `{"UserPoolClient":` + client + `}`,
	}}
	if secrets != "" {
		o.answers["ListUserPoolClientSecrets"] = secrets
	}
	return o
}

// What nobody lets this caller read is said, and ends nothing.
func TestClientsComeWithWhatIsShownOfThem(t *testing.T) {
	t.Parallel()
	const regular = `{"ClientId":"c","ClientName":"web","ClientSecret":"first"}`
	for name, test := range map[string]struct {
		from other
		want string // note about the client
		made bool
	}{
		"two secrets": {
			shop(regular, `{"ClientSecrets":[{"ClientSecretId":"c--1"},{"ClientSecretId":"c--2"}]}`),
			"it has two secrets, and the API shows one of them: give the other with --client-secret c=FILE, or have its programs use the one that DescribeUserPoolClient shows", true,
		},
		"one secret":  {shop(regular, `{"ClientSecrets":[{"ClientSecretId":"c--1"}]}`), "", true},
		"may not ask": {shop(regular, ""), "", true},
		"no secret":   {shop(`{"ClientId":"c","ClientName":"web"}`, ""), "", true},
		"S026 registered itself": {
			shop(`{"ClientId":"c","ClientName":"web","ClientType":"DCR"}`, ""), "it registered itself, and is left out: it has to register anew", false,
		},
	} {
		steps, notes, err := Settings(t.Context(), test.from, "eu-west-1_a", nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := ""
		for _, n := range notes {
			if n.About == "client web" {
				got = n.Text
			}
		}
		made := slices.ContainsFunc(steps, func(s Step) bool { return s.Call == "CreateUserPoolClient" && s.ID == "c" })
		if got != test.want || made != test.made {
			t.Errorf("%s: made %v, note %q", name, made, got)
		}
		if denied := slices.ContainsFunc(notes, func(n Note) bool { return n.About == "second secret of client web" }); denied != (name == "may not ask") {
			t.Errorf("%s: %v", name, notes)
		}
	}
}

// Without the pool itself, or with an answer that cannot be, there is nothing to copy.
func TestAPoolThatMayNotBeReadIsNotCopied(t *testing.T) {
	t.Parallel()
	for _, missing := range []string{"DescribeUserPool", "GetUserPoolMfaConfig", "ListGroups", "ListUserPoolClients", "DescribeUserPoolClient"} {
		from := shop(`{"ClientId":"c","ClientName":"web"}`, "")
		delete(from.answers, missing)
		if _, _, err := Settings(t.Context(), from, "eu-west-1_a", nil); !api.HasCode(err, "AccessDeniedException") {
			t.Errorf("without %s: %v", missing, err)
		}
	}
}
