package api_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/servertest"
)

// walker is somebody at a browser who tries everything: the forms of the pages it
// has seen, in any order, with what it knows of a user and nonsense besides.
type walker struct {
	*stage
	b    *browser
	r    *rand.Rand
	user string
	old  []form // of earlier pages
}

// stage is a pool with users in one state, and what the walkers know of them.
type stage struct {
	*site
	name     string
	password bool // the walkers know it
	mail     bool // the walkers read the user's mail
	enough   bool // to sign in
	join     func(t *testing.T, name string)
	proved   int // walks that ended in a code
}

const pagesWalkSteps = 14

// Random walks over the pages come to a code only with all proofs that the user's
// state asks for (security.md S015).
func TestS015RandomWalksOverPages(t *testing.T) {
	t.Parallel()
	walks, seed := 200, uint64(time.Now().UnixNano())
	if os.Getenv(longVariable) == "1" {
		walks = 10_000
	}
	if text := os.Getenv(seedVariable); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		wantOK(t, err)
	}
	r := rand.New(rand.NewPCG(seed, 15))
	s := servertest.Start(t)
	stages := walkStages(t, s)
	for i := 0; i < walks && !t.Failed(); i++ {
		st := stages[i%len(stages)]
		w := &walker{stage: st, b: st.browser(t), r: r, user: fmt.Sprintf("%s-%d", st.name, i)}
		st.join(t, w.user)
		if w.walk(t) {
			st.proved++
			if !st.enough {
				t.Errorf("walk %d over %s came to a code without the proofs for it", i, st.name)
			}
		}
		if i%50 == 49 {
			s.Advance(16 * time.Minute) // ends locks and limits
		}
	}
	all := 0
	for _, st := range stages {
		t.Logf("%s: %d walks came to a code", st.name, st.proved)
		all += st.proved
		if st.enough && st.proved == 0 && walks >= 10_000 && !t.Failed() {
			t.Errorf("no walk over %s came to a code", st.name)
		}
	}
	if all == 0 && !t.Failed() {
		t.Error("no walk came to a code")
	}
	if t.Failed() {
		t.Logf("%s=%d walks this way again", seedVariable, seed)
	}
}

// walkStages are pools and users of several kinds, each for walkers who know
// enough to sign in or not.
func walkStages(t *testing.T, s *servertest.Server) []*stage {
	t.Helper()
	unrecoverable := func(in *cip.CreateUserPoolInput) {
		ownSender(in)
		in.AccountRecoverySetting = &types.AccountRecoverySettingType{RecoveryMechanisms: []types.RecoveryOptionType{
			{Name: types.RecoveryOptionNameTypeAdminOnly, Priority: aws.Int32(1)},
		}}
	}
	byMail := newSite(t, s, 2, unrecoverable, nil)
	byMail.setMFA(t, emailOnly(types.UserPoolMfaTypeOn))
	choice := newSite(t, s, 2, func(in *cip.CreateUserPoolInput) {
		unrecoverable(in)
		firstFactors(types.AuthFactorTypePassword, types.AuthFactorTypeEmailOtp)(in)
	}, byChoice)
	choice.setMFA(t, emailOnly(types.UserPoolMfaTypeOptional))
	plain := newSite(t, s, 1, unrecoverable, nil)
	user := func(w *site, password string, also ...func(name string)) func(*testing.T, string) {
		return func(t *testing.T, name string) {
			w.s.CreateUser(t, w.pool, name, password, "email", name+"@example.com", "email_verified", "true")
			for _, act := range also {
				act(name)
			}
		}
	}
	temporary := func(w *site, password string) func(*testing.T, string) {
		return func(t *testing.T, name string) {
			_, err := w.s.SDK.AdminCreateUser(t.Context(), &cip.AdminCreateUserInput{
				UserPoolId: &w.pool, Username: &name, TemporaryPassword: &password, MessageAction: types.MessageActionTypeSuppress,
				UserAttributes: []types.AttributeType{
					{Name: aws.String("email"), Value: aws.String(name + "@example.com")}, {Name: aws.String("email_verified"), Value: aws.String("true")},
				},
			})
			wantOK(t, err)
		}
	}
	disable := func(name string) {
		_, err := s.SDK.AdminDisableUser(t.Context(), &cip.AdminDisableUserInput{UserPoolId: &plain.pool, Username: &name})
		wantOK(t, err)
	}
	mfaOn := func(name string) {
		wantOK(t, choice.prefer(t, name, cip.AdminSetUserMFAPreferenceInput{EmailMfaSettings: &types.EmailMfaSettingsType{Enabled: true}}))
	}
	const secret = "Unknown-Horse9!"
	return []*stage{
		{site: byMail, name: "all-proofs", password: true, mail: true, enough: true, join: user(byMail, goodPassword)},
		{site: byMail, name: "password-only", password: true, join: user(byMail, goodPassword)},
		{site: byMail, name: "mail-only", mail: true, join: user(byMail, secret)},
		{site: byMail, name: "new-password-no-mail", password: true, join: temporary(byMail, goodPassword)},
		{site: byMail, name: "new-password-all", password: true, mail: true, enough: true, join: temporary(byMail, goodPassword)},
		{site: choice, name: "choice-mail", mail: true, enough: true, join: user(choice, secret)},
		{site: choice, name: "choice-nothing", join: user(choice, secret)},
		{site: choice, name: "choice-mfa-mail-only", mail: true, join: user(choice, secret, mfaOn)},
		{site: choice, name: "choice-mfa-password-only", password: true, join: user(choice, goodPassword, mfaOn)},
		{site: choice, name: "choice-temporary-mail-only", mail: true, join: temporary(choice, secret)},
		{site: plain, name: "plain-password", password: true, enough: true, join: user(plain, goodPassword)},
		{site: plain, name: "plain-mail-only", mail: true, join: user(plain, secret)},
		{site: plain, name: "disabled", password: true, mail: true, join: user(plain, goodPassword, disable)},
	}
}

// walk takes some steps and reports whether the browser was sent to the client
// with a code.
func (w *walker) walk(t *testing.T) bool {
	t.Helper()
	w.b.start(t)
	for range pagesWalkSteps {
		if w.b.page == nil {
			if w.b.left.Query().Get("code") != "" {
				return true
			}
			w.b.start(t)
		}
		if w.b.page != nil {
			w.step(t)
		}
	}
	return w.b.page == nil && w.b.left.Query().Get("code") != ""
}

var walkPaths = []string{
	"/login", "/signup", "/confirm", "/forgotPassword", "/confirmforgotPassword", "/resendcode", "/passkeys/add", "/oauth2/authorize", "/logout", "/error",
}

var walkButtons = []string{
	"submit", "resend", "back", "skip", "other", "switch", "provider", "PASSWORD", "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN", "SMS_MFA",
	"SOFTWARE_TOKEN_MFA", "SELECT_CHALLENGE", "", "NEW_PASSWORD_REQUIRED",
}

func (w *walker) step(t *testing.T) {
	t.Helper()
	query := w.query()
	if w.r.IntN(12) == 0 {
		query = w.query([]string{"state", "prompt", "max_age", "acr_values", "login_hint"}[w.r.IntN(5)], []string{"st-2", "login", "0", "urn:cognito:loa:3"}[w.r.IntN(4)])
	}
	forms := w.b.page.forms
	switch n := w.r.IntN(100); {
	case n < 12 || len(forms) == 0:
		w.b.open(t, walkPaths[w.r.IntN(len(walkPaths))], query)
		return
	case n < 20 && len(w.old) > 0: // the back button
		forms = w.old
	case n < 30: // a form of another page, or of none
		f := form{action: w.b.base + walkPaths[w.r.IntN(len(walkPaths))] + "?" + query.Encode(), fields: url.Values{"_csrf": {forms[0].fields.Get("_csrf")}}}
		for _, name := range []string{"username", "password", "code", "new_password", "credential", "address", "requiredAttributes[email]"} {
			if w.r.IntN(3) == 0 {
				f.fields.Set(name, "")
			}
		}
		forms = []form{f}
	}
	f := forms[w.r.IntN(len(forms))]
	w.old = append(w.old, w.b.page.forms...)
	fields := maps.Clone(f.fields)
	for name := range fields {
		if name != "_csrf" {
			fields.Set(name, w.value(t, name))
		}
	}
	if p := fields.Get("new_password"); p != "" {
		fields.Set("confirm_password", p)
	}
	switch {
	case w.r.IntN(5) == 0:
		fields.Set("do", walkButtons[w.r.IntN(len(walkButtons))])
	case len(f.buttons) > 0 && w.r.IntN(2) == 0:
		fields.Set("do", f.buttons[w.r.IntN(len(f.buttons))])
	case slices.Contains(f.buttons, "submit"):
		fields.Set("do", "submit")
	case len(f.buttons) > 0:
		fields.Set("do", f.buttons[0])
	}
	w.b.follow(t, http.MethodPost, w.b.at(t, f.action), fields)
}

// value is what a walker types into a field: what it knows, mostly.
func (w *walker) value(t *testing.T, field string) string {
	t.Helper()
	switch field {
	case "username":
		return w.user
	case "password":
		if w.password {
			return goodPassword
		}
		return "Wrong-Horse1!"
	case "code":
		return w.code(t)
	case "new_password", "confirm_password":
		return "Another-Horse2!"
	case "credential":
		return `{"id":"AA","rawId":"AA","type":"public-key","response":{}}`
	case "address", "requiredAttributes[email]":
		return w.user + "@example.net"
	}
	return ""
}

// code is the newest code in the user's mail, or a guess.
func (w *walker) code(t *testing.T) string {
	t.Helper()
	if n := w.s.Mailbox.Count(w.pool, w.user); w.mail && n > 0 && w.r.IntN(6) > 0 {
		return w.s.Mailbox.Wait(t, w.pool, w.user, n).Code
	}
	return strings.Repeat(strconv.Itoa(w.r.IntN(10)), 6+2*w.r.IntN(2))
}
