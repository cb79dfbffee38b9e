package messages

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cognate/internal/api"
)

const (
	email = api.DeliveryMediumTypeEmail
	text  = api.DeliveryMediumTypeSms
)

// request asks for a message with a default template.
func request(purpose Purpose, medium api.DeliveryMediumType, change ...func(*Request)) Request {
	r := Request{
		Pool:    &api.UserPoolType{Id: "us-east-1_abc", VerificationMessageTemplate: &api.VerificationMessageTemplateType{DefaultEmailOption: api.DefaultEmailOptionTypeConfirmWithCode}},
		Purpose: purpose, Medium: medium, ClientID: "client1", Destination: "ana@example.com", Sub: "sub-1", Username: "ana", Secret: "123456",
	}
	if medium == text {
		r.Destination = "+15550100"
	}
	for _, c := range change {
		c(&r)
	}
	return r
}

func render(t *testing.T, r Request) Message {
	t.Helper()
	m, err := Render(r)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// The texts of users-and-pools.md §2.4.
func TestDefaultTexts(t *testing.T) {
	t.Parallel()
	type result struct{ Subject, Body string }
	code := result{"Your verification code", "Your verification code is 123456. "}
	for _, purpose := range []Purpose{SignUp, ResendCode, ForgotPassword, UpdateUserAttribute, VerifyUserAttribute} {
		m := render(t, request(purpose, email))
		if diff := cmp.Diff(code, result{m.Subject, m.Body}); diff != "" {
			t.Errorf("%s by e-mail: %s", purpose, diff)
		}
		m = render(t, request(purpose, text))
		if diff := cmp.Diff(result{"", "Your verification code is 123456. "}, result{m.Subject, m.Body}); diff != "" {
			t.Errorf("%s by SMS: %s", purpose, diff)
		}
	}
	invitation := "Your username is ana and temporary password is 123456. "
	if m := render(t, request(AdminCreateUser, email)); m.Subject != "Your temporary password" || m.Body != invitation {
		t.Errorf("invitation by e-mail: %q %q", m.Subject, m.Body)
	}
	if m := render(t, request(AdminCreateUser, text)); m.Subject != "" || m.Body != invitation {
		t.Errorf("invitation by SMS: %q %q", m.Subject, m.Body)
	}
	if m := render(t, request(Authentication, text)); m.Body != "Your authentication code is 123456. " {
		t.Errorf("authentication by SMS: %q", m.Body)
	}
}

func TestTemplatesOfThePool(t *testing.T) {
	t.Parallel()
	pool := &api.UserPoolType{
		Id: "us-east-1_abc",
		VerificationMessageTemplate: &api.VerificationMessageTemplateType{
			EmailMessage: "<b>{####}</b> or {####} for {username}", EmailSubject: "Code {####}", SmsMessage: "SMS {####}",
			EmailMessageByLink: "Go {##here & now##} or {##there##} {####}", EmailSubjectByLink: "Link",
		},
		AdminCreateUserConfig: &api.AdminCreateUserConfigType{InviteMessageTemplate: &api.MessageTemplateType{
			EmailMessage: "Hi {username}: {####} {##x##}", EmailSubject: "Welcome", SMSMessage: "{username}/{####}",
		}},
		SmsAuthenticationMessage: "Auth {####}",
	}
	with := func(r *Request) { r.Pool = pool }
	link := func(r *Request) {
		p, v := *pool, *pool.VerificationMessageTemplate
		v.DefaultEmailOption = api.DefaultEmailOptionTypeConfirmWithLink
		p.VerificationMessageTemplate = &v
		r.Pool = &p
		r.LinkBase = "https://id.example.com/"
	}
	nowhere := func(r *Request) { r.LinkBase = "" }
	texts := func(message string) func(*Request) {
		return func(r *Request) { r.Texts.Email = message }
	}
	const href = `<a href="https://id.example.com/confirmUser?client_id=client1&amp;user_name=ana&amp;confirmation_code=123456">`
	for _, c := range []struct {
		name, subject, body string
		request             Request
	}{
		{"code by e-mail", "Code {####}", "<b>123456</b> or 123456 for {username}", request(SignUp, email, with)},
		{"code by SMS", "", "SMS 123456", request(SignUp, text, with)},
		{"link", "Link", "Go " + href + "here & now</a> or " + href + "there</a> 123456", request(SignUp, email, link)},
		{"link again", "Link", "Go " + href + "here & now</a> or " + href + "there</a> 123456", request(ResendCode, email, link)},
		{"a link to nowhere", "Code {####}", "<b>123456</b> or 123456 for {username}", request(SignUp, email, link, nowhere)},
		{"a function's link", "Link", "Fn " + href + "here</a>", request(SignUp, email, link, texts("Fn {##here##}"))},
		{"a function's link to nowhere", "Code {####}", "<b>123456</b> or 123456 for {username}", request(SignUp, email, link, nowhere, texts("Fn {##here##}"))},
		{"a function's code", "Code {####}", "Fn 123456", request(SignUp, email, link, nowhere, texts("Fn {####}"))},
		{"a reset is never a link", "Code {####}", "<b>123456</b> or 123456 for {username}", request(ForgotPassword, email, link)},
		{"an attribute is never a link", "Code {####}", "<b>123456</b> or 123456 for {username}", request(VerifyUserAttribute, email, link)},
		{"an SMS is never a link", "", "SMS 123456", request(SignUp, text, link)},
		{"invitation by e-mail", "Welcome", "Hi ana: 123456 {##x##}", request(AdminCreateUser, email, with)},
		{"invitation by SMS", "", "ana/123456", request(AdminCreateUser, text, with)},
		{"invitation to another sign-in name", "", "ana@example.com/123456", request(AdminCreateUser, text, with, func(r *Request) { r.SignInName = "ana@example.com" })},
		{"authentication by SMS", "", "Auth 123456", request(Authentication, text, with)},
	} {
		m := render(t, c.request)
		if m.Subject != c.subject || m.Body != c.body {
			t.Errorf("%s: %q %q, want %q %q", c.name, m.Subject, m.Body, c.subject, c.body)
		}
	}
}

func TestDefaultLinkTemplate(t *testing.T) {
	t.Parallel()
	m := render(t, request(SignUp, email, func(r *Request) {
		r.Pool.VerificationMessageTemplate = &api.VerificationMessageTemplateType{DefaultEmailOption: api.DefaultEmailOptionTypeConfirmWithLink}
		r.LinkBase = "https://shop.auth.example.com"
		r.Username = "a b+&ü"
	}))
	if want := "https://shop.auth.example.com/confirmUser?client_id=client1&user_name=a+b%2B%26%C3%BC&confirmation_code=123456"; m.Link != want {
		t.Errorf("link = %s, want %s", m.Link, want)
	}
	if !strings.Contains(m.Body, `">Verify Email</a>`) || m.Subject == "" {
		t.Errorf("body = %q, subject = %q", m.Body, m.Subject)
	}
}

func TestSender(t *testing.T) {
	t.Parallel()
	arn := func(identity string) string { return "arn:aws:ses:us-east-1:123456789012:identity/" + identity }
	for _, c := range []struct {
		name          string
		config        *api.EmailConfigurationType
		from, replyTo string
	}{
		{"none", nil, "no-reply@verificationemail.com", ""},
		{"default account", &api.EmailConfigurationType{EmailSendingAccount: api.EmailSendingAccountTypeCognitoDefault}, "no-reply@verificationemail.com", ""},
		{"From", &api.EmailConfigurationType{From: new("Shop <hi@example.com>"), SourceArn: arn("other@example.com")}, "Shop <hi@example.com>", ""},
		{"address identity", &api.EmailConfigurationType{SourceArn: arn("hi@example.com"), ReplyToEmailAddress: new("help@example.com")}, "hi@example.com", "help@example.com"},
		{"domain identity", &api.EmailConfigurationType{SourceArn: arn("example.com")}, "no-reply@example.com", ""},
	} {
		m := render(t, request(SignUp, email, func(r *Request) { r.Pool.EmailConfiguration = c.config }))
		if m.From != c.from || m.ReplyTo != c.replyTo {
			t.Errorf("%s: from %q, reply to %q", c.name, m.From, m.ReplyTo)
		}
	}
	m := render(t, request(SignUp, text, func(r *Request) {
		r.Pool.SmsConfiguration = &api.SmsConfigurationType{EumsSms: &api.EumsSmsConfigurationType{OriginationIdentity: new("SHOP")}}
	}))
	if m.SenderID != "SHOP" || m.From != "" {
		t.Errorf("SMS sender = %q, from = %q", m.SenderID, m.From)
	}
}

func TestRenderRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	for _, r := range []Request{request("Other", email), request(SignUp, "FAX"), request(SignUp, "")} {
		if m, err := Render(r); err == nil {
			t.Errorf("rendered %+v", m)
		}
	}
}

// Values are encoded for HTML, kept as they are in text, and never read as
// templates themselves.
func TestS143ValuesCannotInject(t *testing.T) {
	t.Parallel()
	for _, value := range []string{
		`<script>alert(1)</script>`, `"><a href=https://evil.example>x</a>`, `{####}`, `{username}`, `{##Click##}`, `{{.Secret}}`, `{##`, `##}`, `%s%n`, `$1`, `&amp;`,
	} {
		escaped := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;").Replace(value)
		inName := func(r *Request) { r.Username = value }
		inSecret := func(r *Request) { r.Secret = value }
		if got, want := render(t, request(AdminCreateUser, email, inName)).Body, "Your username is "+escaped+" and temporary password is 123456. "; got != want {
			t.Errorf("name in e-mail: %q, want %q", got, want)
		}
		if got, want := render(t, request(AdminCreateUser, email, inSecret)).Body, "Your username is ana and temporary password is "+escaped+". "; got != want {
			t.Errorf("password in e-mail: %q, want %q", got, want)
		}
		if got, want := render(t, request(AdminCreateUser, text, inName)).Body, "Your username is "+value+" and temporary password is 123456. "; got != want {
			t.Errorf("name in SMS: %q, want %q", got, want)
		}
		m := render(t, request(SignUp, email, inName, func(r *Request) {
			r.Pool.VerificationMessageTemplate.DefaultEmailOption = api.DefaultEmailOptionTypeConfirmWithLink
			r.LinkBase = "https://id.example.com"
		}))
		_, address, _ := strings.Cut(m.Body, `href="`)
		address, rest, _ := strings.Cut(address, `"`)
		if rest != ">Verify Email</a> " || strings.ContainsAny(address, "<>' ") {
			t.Errorf("name in link: %q", m.Body)
		}
	}
}

func TestS143SubjectIsOneLine(t *testing.T) {
	t.Parallel()
	m := render(t, request(SignUp, email, func(r *Request) {
		r.Pool.VerificationMessageTemplate.EmailSubject = "Code\r\nBcc: eve@example.net\n\tx"
	}))
	if m.Subject != "Code Bcc: eve@example.net x" {
		t.Errorf("subject = %q", m.Subject)
	}
}

func FuzzFill(f *testing.F) {
	for _, seed := range []string{"{####}", "{##x##}", "{##{####}##}", "{username}{", "{##", "{{####}}", "##}"} {
		f.Add(seed, "<v>")
	}
	f.Fuzz(func(t *testing.T, template, value string) {
		if strings.ContainsAny(template, "<>") || value == "" || strings.ContainsAny(value, "{#}") {
			t.Skip() // markup of the template's own, and marks that it makes up with the value's help
		}
		if got := fill(template, values{code: &value, user: &value}, true); strings.ContainsAny(got, "<>") || strings.Contains(got, codeMark) {
			t.Errorf("fill(%q, %q) = %q", template, value, got)
		}
	})
}

// The masks of recorded.md §2.1 and users-and-pools.md §6.
func TestMask(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		medium      api.DeliveryMediumType
		given, want string
	}{
		{email, "john@example.com", "j***@e***"},
		{email, "t@t.com", "t***@t***"},
		{email, "über@ähnlich.example", "ü***@ä***"},
		{email, "a@b@c.example", "a***@c***"},
		{email, "nobody", "n***"},
		{email, "", "***"},
		{text, "+12345671234", "+*******1234"},
		{text, "+123456788920", "+********8920"},
		{text, "+1234", "+1234"},
		{text, "+12", "+12"},
	} {
		if got := Mask(c.medium, c.given); got != c.want {
			t.Errorf("Mask(%s, %q) = %q, want %q", c.medium, c.given, got, c.want)
		}
	}
	want := &api.CodeDeliveryDetailsType{AttributeName: "phone_number", DeliveryMedium: "SMS", Destination: new("+*******1234")}
	if diff := cmp.Diff(want, Details(text, "+12345671234")); diff != "" {
		t.Error(diff)
	}
	want = &api.CodeDeliveryDetailsType{AttributeName: "email", DeliveryMedium: "EMAIL", Destination: new("j***@e***")}
	if diff := cmp.Diff(want, Details(email, "john@example.com")); diff != "" {
		t.Error(diff)
	}
}

// What changes a credential asks for a typed code, whatever the pool prefers:
// a program that opens every link of a mail must not get anywhere.
func TestS076OnlySignUpsAreConfirmedByLink(t *testing.T) {
	t.Parallel()
	for purpose, want := range map[Purpose]bool{
		SignUp: true, ResendCode: true, ForgotPassword: false, UpdateUserAttribute: false, VerifyUserAttribute: false, AdminCreateUser: false, Authentication: false,
	} {
		m := render(t, request(purpose, email, func(r *Request) {
			r.Pool.VerificationMessageTemplate.DefaultEmailOption = api.DefaultEmailOptionTypeConfirmWithLink
			r.LinkBase = "https://id.example.com"
		}))
		if got := m.Link != "" && strings.Contains(m.Body, "confirmUser"); got != want {
			t.Errorf("%s: link = %v, body %q", purpose, got, m.Body)
		}
	}
}
