package filter

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	t.Parallel()
	tests := map[string]Filter{
		"":                                          {},
		"   ":                                       {},
		`username = "ana"`:                          {"username", "=", "ana"},
		`username="ana"`:                            {"username", "=", "ana"},
		`  username   ^=   "an"  `:                  {"username", "^=", "an"},
		`email^="a@"`:                               {"email", "^=", "a@"},
		`phone_number = "+15550100"`:                {"phone_number", "=", "+15550100"},
		`name = "Ana = \"the\" \\ one"`:             {"name", "=", `Ana = "the" \ one`},
		`given_name = "José ^= x"`:                  {"given_name", "=", "José ^= x"},
		`family_name = ""`:                          {"family_name", "=", ""},
		`preferred_username ^= " a "`:               {"preferred_username", "^=", " a "},
		`cognito:user_status = "Confirmed"`:         {"cognito:user_status", "=", "Confirmed"},
		`status = "Enabled"`:                        {"status", "=", "Enabled"},
		`sub = "70f8c1a2-1111-70a1-2222-33"`:        {"sub", "=", "70f8c1a2-1111-70a1-2222-33"},
		`name = "\\"`:                               {"name", "=", `\`},
		`name = "\""`:                               {"name", "=", `"`},
		"name = \"a\tb\"":                           {"name", "=", "a\tb"},
		`name = "%_*'; DROP TABLE users;--"`:        {"name", "=", `%_*'; DROP TABLE users;--`},
		`name = "` + strings.Repeat("é", 247) + `"`: {"name", "=", strings.Repeat("é", 247)}, // 256 characters
	}
	for text, want := range tests {
		got, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", text, diff)
		}
	}
}

func TestParseRefusesWithTheMessageOfTheAPI(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`username`, `username =`, `username = `, `= "a"`, `"a"`, `username "a"`, `username = a`, `username = 'a'`, `username = "a`,
		`username = a"`, `username = "a" x`, `username = "a" and email = "b"`, `username = "a" = "b"`, `username == "a"`, `username ^ = "a"`,
		`username ^ "a"`, `username != "a"`, `username > "a"`, `username =^ "a"`, `username ^^= "a"`, `user name = "a"`, `"username" = "a"`,
		`username = "a\"`, `username = "\n"`, `username = "\x41"`, `username = "a\\\"`, `username = ""a"`, "username\t= \"a\"", "username =\n\"a\"",
		`sub ^= "7"`, "name = \"\xff\"", "\xff", `username = "a"` + "\x00", `\`, `^=`, `=`, `custom:team == "x"`,
		`name = "` + strings.Repeat("é", 248) + `"`, strings.Repeat(" ", 257),
	} {
		got, err := Parse(text)
		if !errors.Is(err, ErrSyntax) || err.Error() != "Error while parsing filter." || !got.MatchesAll() {
			t.Errorf("%.60q: %v, %v, want ErrSyntax", text, got, err)
		}
	}
	for text, name := range map[string]string{
		`custom:team = "x"`:    "custom:team",
		`dev:custom:x ^= "x"`:  "dev:custom:x",
		`Username = "x"`:       "Username",
		`UserStatus = "x"`:     "UserStatus",
		`email_verified="1"`:   "email_verified",
		`address = "x"`:        "address",
		`cognito:groups = "x"`: "cognito:groups",
		`é = "x"`:              "é",
	} {
		_, err := Parse(text)
		var bad *AttributeError
		if !errors.As(err, &bad) || bad.Name != name || err.Error() != "Invalid search attribute: "+name {
			t.Errorf("%s: %v, want an AttributeError", text, err)
		}
	}
}

func TestMatchFollowsTheRulesOfEachAttribute(t *testing.T) {
	t.Parallel()
	tests := []struct {
		filter, value string
		want          bool
	}{
		{``, "anything", true},
		{`username = "Ana"`, "Ana", true},
		{`username = "Ana"`, "ana", false},
		{`username = "Ana"`, "Anab", false},
		{`username ^= "An"`, "Ana", true},
		{`username ^= "an"`, "Ana", false},
		{`username ^= ""`, "Ana", true},
		{`username = ""`, "Ana", false},
		{`username = "%"`, "Ana", false},
		{`status = "Enabled"`, "Enabled", true},
		{`status = "enabled"`, "Enabled", false},
		{`cognito:user_status = "confirmed"`, "CONFIRMED", true},
		{`cognito:user_status ^= "conf"`, "CONFIRMED", true},
		{`cognito:user_status = "CONFIRM"`, "CONFIRMED", false},
	}
	for _, tt := range tests {
		f, err := Parse(tt.filter)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Match(tt.value); got != tt.want {
			t.Errorf("%s on %s: %v", tt.filter, tt.value, got)
		}
	}
}

func TestStringIsCanonical(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "", `  name^="a\\\"b"`: `name ^= "a\\\"b"`, `sub="x"`: `sub = "x"`,
	} {
		f, err := Parse(in)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.String(); got != want {
			t.Errorf("%s prints as %s, want %s", in, got, want)
		}
	}
}

// TestS171AdversarialFiltersAreCheap hands over texts far beyond what the API
// lets through.
func TestS171AdversarialFiltersAreCheap(t *testing.T) {
	t.Parallel()
	const size = 1 << 20
	for _, piece := range []string{" ", `"`, `\`, `\"`, "=", "^=", "a", `a="`, `a = "b" `, "é", "\xff", "(", "a^"} {
		text := strings.Repeat(piece, size/len(piece))
		for _, in := range []string{text, `name = "` + text, `name = "` + text + `"`, text + `= "a"`, `name ^= "` + text[:240-240%len(piece)] + `"`} {
			f, err := Parse(in)
			if took := fastest(func() { _, _ = Parse(in) }); took > 10*time.Millisecond {
				t.Errorf("%.20q of %d bytes took %v", in, len(in), took)
			}
			if err == nil && len(in) > 4*MaxLength {
				t.Errorf("%.20q of %d bytes is accepted: %v", in, len(in), f)
			}
		}
	}
}

// fastest measures a few times, because the machine may be busy with other tests.
func fastest(f func()) time.Duration {
	best := time.Hour
	for range 5 {
		start := time.Now()
		f()
		best = min(best, time.Since(start))
	}
	return best
}

func FuzzParsePrintParse(f *testing.F) {
	for _, seed := range []string{
		"", `username = "ana"`, `name ^= "a\"b\\c"`, `sub="x"`, `custom:a = "b"`, `name = "`, `cognito:user_status="é"`, "name = \"\x00\"",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		first, err := Parse(text)
		if err != nil {
			var bad *AttributeError
			if !errors.Is(err, ErrSyntax) && !errors.As(err, &bad) {
				t.Fatalf("error %v is of no kind", err)
			}
			return
		}
		printed := first.String()
		if len(printed) > len(text)+2 { // the two spaces round the operator
			t.Fatalf("%q grew to %q", text, printed)
		}
		if len(printed) > MaxLength {
			return // printing may add the two spaces to a filter of full length
		}
		again, err := Parse(printed)
		if err != nil || again != first {
			t.Fatalf("%q: %v, printed %q: %v, %v", text, first, printed, again, err)
		}
		if !first.MatchesAll() && !first.Match(first.Value) {
			t.Fatalf("%q does not match its own value", text)
		}
	})
}
