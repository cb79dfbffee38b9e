package api_test

import (
	"context"
	"crypto/sha1"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"

	"cognate/internal/server"
	"cognate/internal/servertest"
)

func file(t *testing.T, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	wantOK(t, os.WriteFile(path, content, 0o600))
	return path
}

func TestS064TheOperatorsListIsAsked(t *testing.T) {
	t.Parallel()
	const leaked = "Unusual-But-Leaked-7!"
	var lines []string
	for _, password := range []string{leaked, "another", "third"} {
		lines = append(lines, fmt.Sprintf("%X:7\r\n", sha1.Sum([]byte(password))))
	}
	slices.Sort(lines)
	path := file(t, []byte(strings.Join(lines, "")))
	s := servertest.Start(t, func(c *server.Config) { c.BreachedPasswords = path })
	a := newApp(t, s, protected(types.AdvancedSecurityModeTypeEnforced), nil)
	a.setRisk(t, cip.SetRiskConfigurationInput{CompromisedCredentialsRiskConfiguration: blockCommon()})
	for password, want := range map[string]string{leaked: "InvalidPasswordException", common: "InvalidPasswordException", goodPassword: ""} {
		_, err := s.Anonymous.SignUp(t.Context(), &cip.SignUpInput{ClientId: &a.client, Username: aws.String("ana"), Password: &password})
		if want == "" {
			wantOK(t, err)
			continue
		}
		wantError(t, err, want, "Provided password cannot be used for security reasons.")
	}
}

func TestS064TheOperatorsServiceIsAsked(t *testing.T) {
	t.Parallel()
	const leaked = "Unusual-But-Leaked-7!"
	digest := fmt.Sprintf("%X", sha1.Sum([]byte(leaked)))
	var down atomic.Bool
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if down.Load() {
			http.Error(w, "down", http.StatusServiceUnavailable)
		} else if r.URL.Path == "/range/"+digest[:5] {
			_, _ = io.WriteString(w, digest[5:]+":7\r\n")
		}
	}))
	t.Cleanup(service.Close)
	s := servertest.Start(t, func(c *server.Config) { c.BreachedPasswordsURL = service.URL + "/range" })
	a := newApp(t, s, protected(types.AdvancedSecurityModeTypeEnforced), nil)
	a.setRisk(t, cip.SetRiskConfigurationInput{CompromisedCredentialsRiskConfiguration: blockCommon()})
	signUp := func(name, password string) error {
		_, err := s.Anonymous.SignUp(t.Context(), &cip.SignUpInput{ClientId: &a.client, Username: &name, Password: &password})
		return err
	}
	const refused = "Provided password cannot be used for security reasons."
	wantError(t, signUp("ana", leaked), "InvalidPasswordException", refused)
	wantOK(t, signUp("ana", goodPassword))
	// At sign-in, with a password that was set before anybody knew.
	down.Store(true)
	s.CreateUser(t, a.pool, "ben", leaked)
	wantError(t, signUp("common", common), "InvalidPasswordException", refused) // the list goes on
	_, err := a.tryPassword(t, "ben", leaked)
	wantOK(t, err) // not kept out while the service is down
	down.Store(false)
	s.Advance(time.Minute)
	_, err = a.tryPassword(t, "ben", leaked)
	wantError(t, err, "PasswordResetRequiredException", "Password reset required for user due to security reasons")
}

func TestFilesThatCannotWorkAreRefused(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*server.Config, string){
		"breached-passwords": func(c *server.Config, path string) { c.BreachedPasswords = path },
		"breached-passwords-url": func(c *server.Config, _ string) {
			c.BreachedPasswordsURL = "http://ranges.example.com"
		},
		"location-database": func(c *server.Config, path string) { c.LocationDatabase = path },
	} {
		for _, path := range []string{filepath.Join(t.TempDir(), "missing"), file(t, []byte("something else altogether\n"))} {
			c := server.Config{Mode: server.Dev, Memory: true}
			change(&c, path)
			s, err := server.New(context.Background(), c)
			if err == nil || !strings.Contains(err.Error(), name+": ") {
				t.Errorf("%s: %v", name, err)
			}
			if err == nil {
				wantOK(t, s.Close())
			}
		}
	}
}

// cities makes a database of two places.
func cities(t *testing.T) string {
	t.Helper()
	tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: "Cities", RecordSize: 24, IncludeReservedNetworks: true})
	wantOK(t, err)
	for network, place := range map[string]mmdbtype.Map{
		"192.0.2.0/24": {
			"country":  mmdbtype.Map{"iso_code": mmdbtype.String("DE")},
			"city":     mmdbtype.Map{"names": mmdbtype.Map{"en": mmdbtype.String("Berlin"), "fr": mmdbtype.String("Berlin")}},
			"location": mmdbtype.Map{"latitude": mmdbtype.Float64(52.52), "longitude": mmdbtype.Float64(13.405)},
		},
		"127.0.0.0/8": { // where requests of tests come from
			"country": mmdbtype.Map{"iso_code": mmdbtype.String("DE"), "names": mmdbtype.Map{"en": mmdbtype.String("Germany"), "de": mmdbtype.String("Deutschland")}},
			"city":    mmdbtype.Map{"names": mmdbtype.Map{"en": mmdbtype.String("Munich")}},
		},
		"198.51.100.0/24": {
			"country":  mmdbtype.Map{"iso_code": mmdbtype.String("AU")},
			"city":     mmdbtype.Map{"names": mmdbtype.Map{"en": mmdbtype.String("Sydney")}},
			"location": mmdbtype.Map{"latitude": mmdbtype.Float64(-33.87), "longitude": mmdbtype.Float64(151.21)},
		},
	} {
		_, ipNet, err := net.ParseCIDR(network)
		wantOK(t, err)
		wantOK(t, tree.Insert(ipNet, place))
	}
	var out strings.Builder
	_, err = tree.WriteTo(&out)
	wantOK(t, err)
	return file(t, []byte(out.String()))
}

// newest-features.md §4.4: the country is an English name, not a code.
func TestSessionsAreLocated(t *testing.T) {
	t.Parallel()
	path := cities(t)
	a := newTracked(t, servertest.Start(t, func(c *server.Config) { c.LocationDatabase = path }), 20, nil)
	got := a.mySessions(t, a.signIn(t, "ana", goodPassword).AccessToken)
	if len(got) != 1 || got[0].LastLocation.Country != "Germany" || got[0].LastLocation.City != "Munich" {
		t.Errorf("sessions %+v", got)
	}
}

func TestImpossibleTravel(t *testing.T) {
	t.Parallel()
	path := cities(t)
	s := servertest.Start(t, func(c *server.Config) { c.LocationDatabase = path })
	a := newApp(t, s, protected(types.AdvancedSecurityModeTypeEnforced), nil)
	a.setRisk(t, cip.SetRiskConfigurationInput{AccountTakeoverRiskConfiguration: onLevels("NO_ACTION", "NO_ACTION", "BLOCK")})
	s.CreateUser(t, a.pool, "ana", goodPassword)
	a.settles(t, home, firefox, "ana")
	s.Advance(time.Hour)
	_, err := a.from(t, abroad, firefox, "ana", goodPassword) // 15+20+45
	wantError(t, err, "NotAuthorizedException", barred)
	e := a.events(t, "ana")
	wantEvents(t, e, "SignIn Fail Block High Password=Success", "SignIn Pass NoRisk Password=Success")
	if c := e[0].EventContextData; *c.City != "Sydney" || *c.Country != "AU" {
		t.Errorf("seen in %s, %s", *c.City, *c.Country)
	}
	s.Advance(23 * time.Hour)
	a.settles(t, abroad, firefox, "ana") // there was time for a flight: 15+20
	wantEvents(t, a.events(t, "ana")[:1], "SignIn Pass AccountTakeover Low Password=Success")
	a.settles(t, "203.0.113.1", firefox, "ana") // of an address that is in no database nothing is said
	if c := a.events(t, "ana")[0].EventContextData; c.City != nil || c.Country != nil {
		t.Errorf("an unknown address is in %s, %s", aws.ToString(c.City), aws.ToString(c.Country))
	}
}
