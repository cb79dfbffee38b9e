package passwords

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

var strict = Policy{MinimumLength: 8, RequireUppercase: true, RequireLowercase: true, RequireNumbers: true, RequireSymbols: true}

func TestPolicyErrorsAreFoundInOrder(t *testing.T) {
	t.Parallel()
	const prefix = "Password did not conform with policy: "
	tests := []struct {
		password string
		policy   Policy
		want     string
	}{
		{"", strict, "Password not long enough"},
		{"", Policy{}, "Password not long enough"},
		{"a", strict, "Password not long enough"},
		{"Abc123!", strict, "Password not long enough"},
		{"........", strict, "Password must have uppercase characters"},
		{"a.......", strict, "Password must have uppercase characters"},
		{"A.......", strict, "Password must have lowercase characters"},
		{"Aa......", strict, "Password must have numeric characters"},
		{"Aa1aaaaa", strict, "Password must have symbol characters"},
		{"Aa1aaaa.", strict, ""},
		{"aaaaaaaa", Policy{MinimumLength: 8}, ""},
		{"aaaaaaaa", Policy{MinimumLength: 8, RequireSymbols: true}, "Password must have symbol characters"},
		{"AAAAAA", Policy{MinimumLength: 6, RequireLowercase: true}, "Password must have lowercase characters"},
		{"AAAAAA", Policy{MinimumLength: 6, RequireNumbers: true}, "Password must have numeric characters"},
		{"aaaaaa", Policy{MinimumLength: 6, RequireUppercase: true}, "Password must have uppercase characters"},
		{strings.Repeat("a", 98), Policy{MinimumLength: 99}, "Password not long enough"},
		{strings.Repeat("a", 99), Policy{MinimumLength: 99}, ""},
		// Characters are counted, not bytes.
		{"ééééééé", Policy{MinimumLength: 8}, "Password not long enough"},
		{"éééééééé", Policy{MinimumLength: 8}, ""},
		{"😀😀😀😀😀😀", Policy{MinimumLength: 6}, ""},
		{strings.Repeat("é", 256), Policy{MinimumLength: 8}, ""},
		{strings.Repeat("é", 257), Policy{MinimumLength: 8}, "Password too long"},
		// Letters, digits and symbols of other scripts are none.
		{"Éaaaaaa1.", strict, "Password must have uppercase characters"},
		{"Aééééé1.", strict, "Password must have lowercase characters"},
		{"Aaaaaa٣.", strict, "Password must have numeric characters"},
		{"Aaaaaa1€", strict, "Password must have symbol characters"},
		// A space counts inside only, and may not be at an end.
		{"Aa1 aaaa", strict, ""},
		{" Aa1aaaa", strict, "Password must have symbol characters"},
		{"Aa1aaaa ", strict, "Password must have symbol characters"},
		{" Aa1aaa.", strict, "Password must not have leading or trailing spaces"},
		{"Aa1aaa. ", strict, "Password must not have leading or trailing spaces"},
		{"\tAa1aaa.", strict, "Password must not have leading or trailing spaces"},
		{"Aa1aaa.\n", strict, "Password must not have leading or trailing spaces"},
		{"        ", Policy{}, "Password must not have leading or trailing spaces"},
		{"Aa1aaaa\t", strict, "Password must have symbol characters"},
	}
	for _, tt := range tests {
		err := tt.policy.Check(tt.password)
		if tt.want == "" {
			if err != nil {
				t.Errorf("%q: %v", tt.password, err)
			}
			continue
		}
		var v PolicyError
		if !errors.As(err, &v) || err.Error() != prefix+tt.want {
			t.Errorf("%q: %v, want %s", tt.password, err, tt.want)
		}
	}
}

func TestEverySymbolCounts(t *testing.T) {
	t.Parallel()
	// The list of users-and-pools.md §8, with its spaces.
	const listed = "^ $ * . [ ] { } ( ) ? \" ! @ # % & / \\ , > < ' : ; | _ ~ ` = + -"
	count := 0
	for c := rune(33); c < 127; c++ {
		symbol := strings.ContainsRune(listed, c)
		if symbol {
			count++
		}
		for _, password := range []string{"aaaaa" + string(c), string(c) + "aaaaa"} {
			if err := (Policy{RequireSymbols: true}).Check(password); (err == nil) != symbol {
				t.Errorf("%q: %v", password, err)
			}
		}
	}
	if count != 32 {
		t.Errorf("%d symbols, want the 32 of ASCII", count)
	}
}

func TestS063PasswordsAreNotTrimmed(t *testing.T) {
	t.Parallel()
	// Trimming would make these conform.
	for _, password := range []string{"Abcd123! ", " Abcd123!", "Abcd123!\r\n"} {
		if err := strict.Check(password); !errors.Is(err, OuterSpaces) {
			t.Errorf("%q: %v, want OuterSpaces", password, err)
		}
	}
	if err := (Policy{RequireUppercase: true}).Check("abcdefgh"); !errors.Is(err, NoUppercase) {
		t.Errorf("case is folded: %v", err)
	}
	// A composed and a decomposed letter count as they are.
	if err := (Policy{MinimumLength: 8}).Check("éééé"); !errors.Is(err, NotLongEnough) {
		t.Errorf("composed: %v", err)
	}
	if err := (Policy{MinimumLength: 8}).Check("e\u0301e\u0301e\u0301e\u0301"); err != nil {
		t.Errorf("decomposed: %v", err)
	}
}

func TestGeneratedPasswordsConform(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, length := range []int{0, 6, 8, 12, 13, 99} {
		for range 200 {
			p := strict
			p.MinimumLength = length
			password := Generate(p)
			if err := p.Check(password); err != nil {
				t.Fatalf("%q: %v", password, err)
			}
			if err := strict.Check(password); err != nil {
				t.Fatalf("%q lacks a class: %v", password, err)
			}
			if got := utf8.RuneCountInString(password); got != max(length, generatedLength) {
				t.Fatalf("length %d, want %d", got, max(length, generatedLength))
			}
			if strings.ContainsAny(password, "<>&\"'\\ ") {
				t.Fatalf("%q would be changed in a message", password)
			}
			if seen[password] {
				t.Fatalf("%q repeats", password)
			}
			seen[password] = true
		}
	}
}

func TestRandomNumbersCoverTheirRange(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 3, 200, 256} {
		hit := make([]int, n)
		for range 40 * n {
			hit[randomBelow(n)]++
		}
		for i, times := range hit {
			if times == 0 {
				t.Errorf("below %d: %d never comes", n, i)
			}
		}
	}
}

func FuzzPolicy(f *testing.F) {
	f.Add("Abcd123! ", 8, true, true, true, true)
	f.Add("", 0, false, false, false, false)
	f.Add("\xff\xfe", 1, true, false, false, true)
	f.Fuzz(func(t *testing.T, password string, length int, upper, lower, digit, symbol bool) {
		p := Policy{MinimumLength: length, RequireUppercase: upper, RequireLowercase: lower, RequireNumbers: digit, RequireSymbols: symbol}
		err := p.Check(password)
		var v PolicyError
		if err != nil && !errors.As(err, &v) {
			t.Fatalf("error %v is no violation", err)
		}
		if err == nil && (password == "" || utf8.RuneCountInString(password) > MaxLength || strings.Trim(password, " ") != password) {
			t.Fatalf("%q is accepted", password)
		}
		if err == nil && (Policy{}).Check(password) != nil {
			t.Fatalf("%q conforms to a strict policy but not to none", password)
		}
	})
}
