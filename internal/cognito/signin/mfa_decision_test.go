package signin

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cognate/internal/api"
)

// The decision table of auth-flows.md §8, row by row. In the lists S stands for
// text messages, T for an app, E for e-mail.
func TestMFADecision(t *testing.T) {
	t.Parallel()
	const (
		none   = "none"
		setUp  = "MFA_SETUP "
		choose = "SELECT_MFA_TYPE "
		refuse = "refused"
	)
	for _, tt := range []struct {
		rule      string
		mode      api.UserPoolMfaType
		pool      string // factors of the pool
		has, user string // factors that the user can use, and has switched on
		preferred string
		recovery  string
		want      string
	}{
		// 1. Off: none, whatever the user's settings say.
		{"1", "OFF", "", "", "", "", "", none},
		{"1", "OFF", "", "STE", "STE", "T", "", none},

		// 2. Optional.
		{"2 nothing switched on", "OPTIONAL", "STE", "STE", "", "", "", none},
		{"2 registered is not switched on", "OPTIONAL", "T", "T", "", "", "", none},
		{"2 preferred", "OPTIONAL", "STE", "STE", "STE", "T", "", "T"},
		{"2 preferred", "OPTIONAL", "STE", "STE", "STE", "S", "", "S"},
		{"2 preferred", "OPTIONAL", "STE", "STE", "STE", "E", "", "E"},
		{"2 preferred alone", "OPTIONAL", "STE", "STE", "E", "E", "E", "E"},
		{"2 several, none preferred", "OPTIONAL", "STE", "STE", "ST", "", "", choose + "ST"},
		{"2 several, none preferred", "OPTIONAL", "STE", "STE", "STE", "", "", choose + "STE"},
		{"2 exactly one", "OPTIONAL", "STE", "STE", "S", "", "", "S"},
		{"2 exactly one", "OPTIONAL", "STE", "STE", "T", "", "", "T"},
		{"2 exactly one", "OPTIONAL", "STE", "STE", "E", "", "E", "E"},
		{"2 the pool dropped the preferred one", "OPTIONAL", "S", "STE", "ST", "T", "", "S"},
		{"2 the pool dropped all", "OPTIONAL", "E", "STE", "ST", "T", "", none},
		{"2 the address of one is gone", "OPTIONAL", "STE", "T", "ST", "S", "", "T"},
		{"2 the only address is gone", "OPTIONAL", "STE", "E", "S", "", "", refuse},

		// 3. Required: the preferred one.
		{"3 preferred", "ON", "STE", "STE", "STE", "E", "", "E"},
		{"3 preferred at the recovery address", "ON", "STE", "STE", "E", "E", "E", "E"},
		{"3 preferred one is gone", "ON", "STE", "T", "ST", "S", "", "T"},
		// An app.
		{"3 app alone", "ON", "T", "T", "", "", "", "T"},
		{"3 app alone", "ON", "STE", "T", "", "", "", "T"},
		{"3 app beside messages", "ON", "STE", "ST", "", "", "", choose + "ST"},
		{"3 app beside messages", "ON", "STE", "STE", "", "", "", choose + "STE"},
		{"3 app beside the recovery address", "ON", "STE", "TE", "", "", "E", "T"},
		{"3 app that the pool dropped", "ON", "S", "ST", "", "", "", "S"},
		// No app: messages, without opt-in.
		{"3 two addresses", "ON", "STE", "SE", "", "", "", choose + "SE"},
		{"3 one address", "ON", "STE", "S", "", "", "", "S"},
		{"3 one address", "ON", "STE", "E", "", "", "", "E"},
		{"3 one besides recovery", "ON", "STE", "SE", "", "", "E", "S"},
		{"3 one besides recovery", "ON", "STE", "SE", "", "", "S", "E"},
		{"3 recovery address switched on by the user", "ON", "STE", "SE", "E", "", "E", choose + "SE"},
		{"3 recovery alone, app possible", "ON", "STE", "E", "", "", "E", setUp + "ST"},
		{"3 recovery alone, app possible", "ON", "ST", "S", "", "", "S", setUp + "T"},
		{"3 recovery alone, e-mail possible", "ON", "SE", "S", "", "", "S", setUp + "E"},
		{"3 recovery alone, nothing possible", "ON", "S", "S", "", "", "S", refuse},
		{"3 recovery alone, nothing possible", "ON", "E", "E", "", "", "E", refuse},
		{"3 another address than the pool uses", "ON", "S", "E", "", "", "E", refuse},
		// Nothing at all: set up anything but the recovery factor.
		{"3 nothing", "ON", "T", "", "", "", "", setUp + "T"},
		{"3 nothing", "ON", "STE", "", "", "", "", setUp + "STE"},
		{"3 nothing", "ON", "STE", "", "", "", "E", setUp + "ST"},
		{"3 nothing", "ON", "STE", "", "", "", "S", setUp + "TE"},
		{"3 nothing", "ON", "S", "", "", "", "E", setUp + "S"},
		{"3 nothing", "ON", "E", "", "", "", "E", refuse},
	} {
		c := mfaCase{
			mode: tt.mode, pool: factorList(tt.pool), has: factorList(tt.has), user: factorList(tt.user),
			preferred: strings.Join(factorList(tt.preferred), ""), recovery: strings.Join(factorList(tt.recovery), ""),
		}
		d := decideMFA(c)
		got := none
		switch {
		case d.refuse != "":
			got = refuse
		case d.ask != "":
			got = letters([]string{d.ask})
		case d.choose != nil:
			got = choose + letters(d.choose)
		case d.setUp != nil:
			got = setUp + letters(d.setUp)
		}
		if got != tt.want {
			t.Errorf("%s: pool %s %s, user has %q and switched on %q (preferred %q), recovery %q:\ngot  %s\nwant %s",
				tt.rule, tt.mode, tt.pool, tt.has, tt.user, tt.preferred, tt.recovery, got, tt.want)
		}
	}
}

var factorLetters = map[rune]string{'S': "SMS_MFA", 'T': "SOFTWARE_TOKEN_MFA", 'E': "EMAIL_OTP"}

func factorList(text string) []string {
	var list []string
	for _, r := range text {
		list = append(list, factorLetters[r])
	}
	return list
}

func letters(factors []string) string {
	text := ""
	for _, f := range factors {
		for letter, name := range factorLetters {
			if name == f {
				text += string(letter)
			}
		}
	}
	return text
}

// Over every case there is: a pool that requires a factor never lets pass, one
// that leaves it to the user never lets pass who switched on a factor of the
// pool, and what is asked or offered is always something the pool has.
func TestS067NoCaseSkipsARequiredFactor(t *testing.T) {
	t.Parallel()
	sets := []string{"", "S", "T", "E", "ST", "SE", "TE", "STE"}
	cases := 0
	for _, mode := range []api.UserPoolMfaType{api.UserPoolMfaTypeOptional, api.UserPoolMfaTypeOn} {
		for _, pool := range sets[1:] {
			for _, has := range sets {
				for _, user := range sets {
					for _, preferred := range []string{"", "S", "T", "E"} {
						for _, recovery := range []string{"", "S", "E"} {
							c := mfaCase{
								mode: mode, pool: factorList(pool), has: factorList(has), user: factorList(user),
								preferred: strings.Join(factorList(preferred), ""), recovery: strings.Join(factorList(recovery), ""),
							}
							if err := c.consistent(decideMFA(c)); err != nil {
								t.Errorf("%+v: %v", c, err)
							}
							cases++
						}
					}
				}
			}
		}
	}
	if cases != 2*7*8*8*4*3 {
		t.Errorf("%d cases", cases)
	}
}

func (c mfaCase) consistent(d mfaDecision) error {
	needed := c.mode == api.UserPoolMfaTypeOn || slices.ContainsFunc(c.user, func(f string) bool { return slices.Contains(c.pool, f) })
	passes := d.ask == "" && d.choose == nil && d.setUp == nil && d.refuse == ""
	if passes == needed {
		return fmt.Errorf("needed %v, passes %v", needed, passes)
	}
	asked := d.choose
	if d.ask != "" {
		asked = append(asked, d.ask)
	}
	for _, f := range asked {
		if !slices.Contains(c.pool, f) || !slices.Contains(c.has, f) {
			return fmt.Errorf("asks for %s", f)
		}
	}
	for _, f := range d.setUp {
		if !slices.Contains(c.pool, f) || slices.Contains(c.has, f) || f == c.recovery {
			return fmt.Errorf("offers to set up %s", f)
		}
	}
	if len(d.choose) == 1 {
		return fmt.Errorf("a choice of one")
	}
	return nil
}

func TestRecoveryFactor(t *testing.T) {
	t.Parallel()
	option := func(name api.RecoveryOptionNameType, priority int32) api.RecoveryOptionType {
		return api.RecoveryOptionType{Name: name, Priority: priority}
	}
	for _, tt := range []struct {
		options []api.RecoveryOptionType
		want    string
	}{
		{nil, ""},
		{[]api.RecoveryOptionType{option("verified_email", 1), option("verified_phone_number", 2)}, "EMAIL_OTP"},
		{[]api.RecoveryOptionType{option("verified_email", 2), option("verified_phone_number", 1)}, "SMS_MFA"},
		{[]api.RecoveryOptionType{option("admin_only", 1)}, ""},
	} {
		if diff := cmp.Diff(tt.want, recoveryFactor(&api.AccountRecoverySettingType{RecoveryMechanisms: tt.options})); diff != "" {
			t.Error(diff)
		}
	}
	if got := recoveryFactor(nil); got != "" {
		t.Errorf("without a setting: %s", got)
	}
}
