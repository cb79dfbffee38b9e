package sts_test

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"cognate/internal/api"
	"cognate/internal/server"
	"cognate/internal/servertest"
	"cognate/internal/testlog"
)

// Tokens, responses and what is given for them stand in no line of the log, whether a
// call succeeds or fails.
func TestS183STSLogsNoSecrets(t *testing.T) {
	t.Parallel()
	log := &testlog.Log{}
	const nowhere = "http://127.0.0.1:1"
	s := servertest.Start(t, dev, func(c *server.Config) {
		c.Log = slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		c.ProviderURLs = map[api.IdentityProviderTypeType]string{
			api.IdentityProviderTypeTypeFacebook: nowhere, api.IdentityProviderTypeTypeLoginWithAmazon: nowhere,
		}
	})
	p := newPools(t, s)
	_, token := p.openID(t, p.login(t))
	public := s.STSClient(aws.AnonymousCredentials{})
	role := "arn:aws:iam::" + account + ":role/app"
	in := &sts.AssumeRoleWithWebIdentityInput{RoleArn: &role, RoleSessionName: aws.String("web"), WebIdentityToken: &token}
	out, err := public.AssumeRoleWithWebIdentity(t.Context(), in)
	wantOK(t, err)
	planted := []string{*out.Credentials.SecretAccessKey, *out.Credentials.SessionToken}
	for part := range strings.SplitSeq(token, ".") {
		planted = append(planted, part)
	}
	const marker = "UGxhbnRlZFNlY3JldA"
	planted = append(planted, marker)
	for _, bad := range []string{token[:len(token)-4], marker, "a." + marker + ".c", p.login(t)[p.provider]} {
		in.WebIdentityToken = &bad
		_, err := public.AssumeRoleWithWebIdentity(t.Context(), in)
		wantError(t, err, 400, "InvalidIdentityToken", "")
	}
	for _, provider := range []string{"graph.facebook.com", "www.amazon.com"} {
		in.ProviderId, in.WebIdentityToken = &provider, aws.String(marker)
		_, err := public.AssumeRoleWithWebIdentity(t.Context(), in)
		wantError(t, err, 400, "IDPCommunicationError", "")
	}
	_, err = public.AssumeRoleWithSAML(t.Context(), &sts.AssumeRoleWithSAMLInput{RoleArn: &role, PrincipalArn: &role, SAMLAssertion: aws.String(marker)})
	wantError(t, err, 400, "InvalidIdentityToken", "")
	text := log.String()
	if !strings.Contains(text, "AssumeRoleWithWebIdentity") {
		t.Fatalf("nothing was logged: %s", text)
	}
	for _, secret := range planted {
		if strings.Contains(text, secret) {
			t.Errorf("the log has %s", secret)
		}
	}
}
