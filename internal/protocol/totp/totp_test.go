package totp

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// The vectors of RFC 6238, appendix B, for SHA-1. They have eight digits, of
// which ours are the last six.
func TestVectorsOfRFC6238(t *testing.T) {
	t.Parallel()
	secret := []byte("12345678901234567890")
	for _, tt := range []struct {
		seconds int64
		code    string
	}{
		{59, "94287082"},
		{1111111109, "07081804"},
		{1111111111, "14050471"},
		{1234567890, "89005924"},
		{2000000000, "69279037"},
		{20000000000, "65353130"},
	} {
		at := time.Unix(tt.seconds, 0)
		want := tt.code[2:]
		if got, err := Code(secret, StepAt(at)); err != nil || got != want {
			t.Errorf("%d: code %q, %v, want %q", tt.seconds, got, err, want)
		}
		if step, err := Check(secret, want, at); err != nil || step != tt.seconds/30 {
			t.Errorf("%d: step %d, %v, want %d", tt.seconds, step, err, tt.seconds/30)
		}
	}
}

func TestS068OneStepOfDriftEachWay(t *testing.T) {
	t.Parallel()
	secret := NewSecret()
	at := time.Unix(1_800_000_015, 0)
	for offset := int64(-3); offset <= 3; offset++ {
		code, err := Code(secret, StepAt(at)+offset)
		if err != nil {
			t.Fatal(err)
		}
		step, err := Check(secret, code, at)
		if offset >= -1 && offset <= 1 {
			if err != nil || step != StepAt(at)+offset {
				t.Errorf("offset %d: step %d, %v", offset, step, err)
			}
		} else if !errors.Is(err, ErrCode) {
			t.Errorf("offset %d: %v, want ErrCode", offset, err)
		}
	}
}

func TestMalformedCodesAreWrong(t *testing.T) {
	t.Parallel()
	secret := []byte("12345678901234567890")
	at := time.Unix(59, 0) // 287082
	for _, code := range []string{"", "28708", "2870820", " 287082", "287082 ", "287082\n", "28708a", "２87082", "+28708"} {
		if _, err := Check(secret, code, at); !errors.Is(err, ErrCode) {
			t.Errorf("%q: %v, want ErrCode", code, err)
		}
	}
}

func TestSecretsAsTheServiceMakesThem(t *testing.T) {
	t.Parallel()
	a, b := Text(NewSecret()), Text(NewSecret())
	if len(a) != 52 || strings.Trim(a, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "" {
		t.Errorf("secret %q is not 52 characters of base32", a)
	}
	if a == b {
		t.Error("two secrets are equal")
	}
}
