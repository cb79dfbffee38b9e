package tokens

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cognate/internal/api"
)

// The tables of newest-features.md §10.1.
func TestLevelsOfFactors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		factors string
		level   Level
		amr     string
	}{
		{"", 0, ""},
		{"pwd", 1, "pwd"},
		{"sms", 2, "sms"},
		{"email_otp", 2, "email_otp"},
		{"swk", 3, "swk"},
		{"hwk", 3, "hwk"},
		{"pwd sms", 3, "pwd sms mfa"},
		{"pwd email_otp", 3, "pwd email_otp mfa"},
		{"pwd otp", 4, "pwd otp mfa"},
		{"otp pwd", 4, "otp pwd mfa"},
		{"pwd sms otp", 4, "pwd sms otp mfa"},
		{"swk otp", 3, "swk otp mfa"},
		{"otp", 0, "otp"},
	} {
		factors := strings.Fields(c.factors)
		if got := LevelOf(factors); got != c.level {
			t.Errorf("%q: level %d, want %d", c.factors, got, c.level)
		}
		if got := strings.Join(amr(factors), " "); got != c.amr {
			t.Errorf("%q: amr %q, want %q", c.factors, got, c.amr)
		}
	}
}

func TestNamesOfLevels(t *testing.T) {
	t.Parallel()
	usual := &api.UserPoolType{}
	named := &api.UserPoolType{AcrConfiguration: map[string]api.AcrLevelConfigType{"Level3": {AcrValue: "strong"}}}
	for _, c := range []struct {
		pool  *api.UserPoolType
		level Level
		name  string
	}{
		{usual, 1, "urn:cognito:loa:1"},
		{usual, 4, "urn:cognito:loa:4"},
		{named, 3, "strong"},
		{named, 4, "urn:cognito:loa:4"},
	} {
		if got := c.level.Name(c.pool); got != c.name {
			t.Errorf("level %d is called %q, want %q", c.level, got, c.name)
		}
		if got := LevelNamed(c.pool, c.name); got != c.level {
			t.Errorf("%q is level %d, want %d", c.name, got, c.level)
		}
	}
	for _, name := range []string{"", "urn:cognito:loa:3", "urn:cognito:loa:0", "Level3"} {
		if got := LevelNamed(named, name); got != 0 {
			t.Errorf("%q is level %d, want none", name, got)
		}
	}
}

func TestWaysGoUp(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff([][]string{{"pwd", "otp"}}, Level(4).Ways()); diff != "" {
		t.Error(diff)
	}
	for l := Level(1); l <= 4; l++ {
		for _, way := range l.Ways() {
			if LevelOf(way) < l {
				t.Errorf("%v is a way to level %d and reaches %d", way, l, LevelOf(way))
			}
		}
	}
}
