package breached

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestS064CommonPasswordsAreKnown(t *testing.T) {
	t.Parallel()
	for _, password := range []string{
		"123456", "password", "12345678", "qwerty", "123456789", "12345", "1234567", "111111", "123123", "abc123", "1234567890", "iloveyou",
		"Password1!", "Password123!", "P@ssw0rd", "P@ssw0rd1!", "Passw0rd!", "Welcome1!", "Welcome123!", "Summer2024!", "Winter2025!", "Qwerty123!",
		"Admin@123", "ADMIN123", "Letmein1!", "Changeme1!", "Abcd1234!", "Test@1234", "1q2w3e4r", "1qaz2wsx", "trustno1", "Dragon1!", "Iloveyou1!",
		"Monkey123", "Football1!", "Michael1!", "$ummer2024!", "Liverpool1!", "correcthorsebatterystaple",
	} {
		if !Common(password) {
			t.Errorf("%s is not on the list", password)
		}
	}
}

func TestOtherPasswordsAreNot(t *testing.T) {
	t.Parallel()
	for _, password := range []string{"", "!", "1", "Correct-Horse1!", "Tr0ub4dor&3x", "pAssWord-1-x", "xkcd-936-battery", "pASSwORD1", "kJ8#mQ2$vL5n", "ünïcödé-1A!"} {
		if Common(password) {
			t.Errorf("%q is on the list", password)
		}
	}
}

func TestS064TheListHasThousandsOfPasswords(t *testing.T) {
	t.Parallel()
	if n := len(words()); n < 1000 {
		t.Errorf("%d words", n)
	}
	all := make(map[string]struct{})
	for word := range words() {
		for _, ending := range endings {
			for _, spelled := range []string{word, strings.ToUpper(word), strings.ToUpper(word[:1]) + word[1:]} {
				all[spelled+ending] = struct{}{}
			}
		}
	}
	if len(all) < 3000 {
		t.Errorf("%d passwords", len(all))
	}
	for password := range all {
		if !Common(password) {
			t.Fatalf("%s is made from the list and not found", password)
		}
	}
}

func digest(password string) string {
	sum := sha1.Sum([]byte(password))
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

func list(t *testing.T, n int, form func(i int, digest string) string) (*File, []string) {
	t.Helper()
	var in, lines []string
	for i := range n {
		in = append(in, fmt.Sprintf("word-%d", i))
		lines = append(lines, digest(in[i]))
	}
	slices.Sort(lines)
	for i := range lines {
		lines[i] = form(i, lines[i])
	}
	text := []byte(strings.Join(lines, ""))
	f, err := NewFile(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		t.Fatal(err)
	}
	return f, in
}

func TestS064FilesAreSearched(t *testing.T) {
	t.Parallel()
	for name, form := range map[string]func(int, string) string{
		"digests":        func(_ int, d string) string { return d + "\n" },
		"with counts":    func(i int, d string) string { return fmt.Sprintf("%s:%d\r\n", d, i*i*i*i*i) },
		"in small type":  func(_ int, d string) string { return strings.ToLower(d) + "\n" },
		"unequal counts": func(i int, d string) string { return d + ":" + strings.Repeat("9", 1+i%18) + "\n" },
	} {
		for _, n := range []int{0, 1, 2, 3, 500} {
			f, in := list(t, n, form)
			for _, password := range in {
				if found, err := f.Contains(password); err != nil || !found {
					t.Errorf("%s, %d lines: %s: %v, %v", name, n, password, found, err)
				}
			}
			for i := range 200 {
				if found, err := f.Contains(fmt.Sprintf("other-%d", i)); err != nil || found {
					t.Errorf("%s, %d lines: other-%d: %v, %v", name, n, i, found, err)
				}
			}
		}
	}
}

func TestFilesWithoutANewlineAtTheEnd(t *testing.T) {
	t.Parallel()
	text := digest("only")
	f, err := NewFile(strings.NewReader(text), int64(len(text)))
	if err != nil {
		t.Fatal(err)
	}
	if found, err := f.Contains("only"); err != nil || !found {
		t.Errorf("%v, %v", found, err)
	}
}

func TestOtherFilesAreRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"password\n123456\n", strings.Repeat("x", 1000), digest("a") + "Z\n", digest("a")[:39] + "\n"} {
		if _, err := NewFile(strings.NewReader(text), int64(len(text))); !errors.Is(err, errForm) {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}
