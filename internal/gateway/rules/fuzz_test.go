package rules

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

// Whatever is in a file, reading it ends, and what is read can be worked with.
func FuzzParse(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte("Listeners: &a [*a]"))
	f.Add([]byte("Listeners:\n- Port: 1\n  Protocol: HTTP\n  DefaultActions: [{Type: fixed-response, FixedResponseConfig: {StatusCode: 200}}]"))
	q := &Request{Method: "GET", Host: "a.example.com", Path: "/a", Query: url.Values{"a": {"b"}}, Header: http.Header{"A": {"b"}}, Source: netip.MustParseAddr("10.0.0.1")}
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := Parse(text)
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without words")
			}
			return
		}
		for _, l := range file.Listeners {
			if len(l.Rules) == 0 || len(l.Rules[len(l.Rules)-1].Conditions) != 0 {
				t.Fatal("a listener without default actions")
			}
			l.NamesHost("a.example.com")
			for _, r := range l.Rules {
				r.Matches(q)
				last := r.Actions[len(r.Actions)-1]
				if last.SignIn() || last.JWT != nil {
					t.Error("a rule that does not end")
				}
				if r.Authenticates() && (l.Protocol != HTTPS || file.LoadBalancerARN == "") {
					t.Error("sign-in without TLS or name")
				}
			}
		}
	})
}

// matches is the definition of wildcard, without its haste.
func matches(pattern, text string) bool {
	if pattern == "" {
		return text == ""
	}
	switch {
	case pattern[0] == '*':
		return matches(pattern[1:], text) || text != "" && matches(pattern, text[1:])
	case text == "":
		return false
	}
	return (pattern[0] == '?' || pattern[0] == text[0]) && matches(pattern[1:], text[1:])
}

func FuzzWildcard(f *testing.F) {
	f.Add("/a/*", "/a/b")
	f.Add("*a*b?", "xaabbc")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 12 || len(text) > 16 { // the definition takes its time
			return
		}
		if got, want := wildcard(pattern, text, false), matches(pattern, text); got != want {
			t.Errorf("%q and %q: %t", pattern, text, got)
		}
		if got, want := wildcard(pattern, text, true), matches(lowered(pattern), lowered(text)); got != want {
			t.Errorf("%q and %q in any case: %t", pattern, text, got)
		}
	})
}

func lowered(text string) string {
	b := []byte(text)
	for i := range b {
		b[i] = lower(b[i])
	}
	return string(b)
}

// No path passes that has dot segments in any reading.
func FuzzCleanPath(f *testing.F) {
	f.Add("/a/../b")
	f.Add("//a/..;x/b")
	f.Fuzz(func(t *testing.T, path string) {
		clean, ok := CleanPath(path)
		if !ok {
			return
		}
		if strings.Contains(clean, "//") {
			t.Errorf("%q becomes %q", path, clean)
		}
		if again, ok := CleanPath(clean); !ok || again != clean {
			t.Errorf("%q becomes %q, then %q", path, clean, again)
		}
		u, err := url.Parse("https://a.example.com")
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(clean, "/") && !strings.Contains(clean, ";") && u.JoinPath(url.PathEscape(clean)).Host != "a.example.com" {
			t.Errorf("%q leads elsewhere", path)
		}
	})
}
