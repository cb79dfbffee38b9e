package awscrypto

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
)

// TestMessageForm takes a message apart by the format's own lengths. That AWS's
// library opens such messages is tested in test/clients.
func TestMessageForm(t *testing.T) {
	t.Parallel()
	key := DataKey{Provider: "aws-kms", Info: "arn:key", Plaintext: bytes.Repeat([]byte{7}, 32), Sealed: []byte("sealed")}
	message, err := Seal(key, map[string]string{"userpool-id": "us-east-1_AbCdEf123"}, []byte("123456"))
	if err != nil {
		t.Fatal(err)
	}
	context := "0001" + "000b" + hex.EncodeToString([]byte("userpool-id")) + "0013" + hex.EncodeToString([]byte("us-east-1_AbCdEf123"))
	keys := "0001" + "0007" + hex.EncodeToString([]byte("aws-kms")) + "0007" + hex.EncodeToString([]byte("arn:key")) + "0006" + hex.EncodeToString([]byte("sealed"))
	got := hex.EncodeToString(message)
	id := got[6 : 6+64]
	want := "020478" + id + "0024" + context + keys + "02" + "00001000"
	if !strings.HasPrefix(got, want) {
		t.Fatalf("header\n%s, want\n%s", got[:len(want)], want)
	}
	frame := got[len(want)+64+32:]
	if want := "ffffffff" + "00000001" + "000000000000000000000001" + "00000006"; !strings.HasPrefix(frame, want) || len(frame) != len(want)+2*(6+16) {
		t.Errorf("frame %s", frame)
	}
	again, err := Seal(key, nil, []byte("123456"))
	if err != nil || bytes.Equal(message[3:35], again[3:35]) {
		t.Errorf("message ids repeat, or %v", err)
	}
}

func TestSealRefusesWhatItCannotWrite(t *testing.T) {
	t.Parallel()
	good := DataKey{Plaintext: make([]byte, 32)}
	for name, c := range map[string]struct {
		key  DataKey
		text []byte
	}{
		"short key": {DataKey{Plaintext: make([]byte, 16)}, nil},
		"long text": {good, make([]byte, frameLength+1)},
		"long info": {DataKey{Plaintext: make([]byte, 32), Info: strings.Repeat("x", 70_000)}, nil},
	} {
		if _, err := Seal(c.key, nil, c.text); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
