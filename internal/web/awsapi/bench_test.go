package awsapi

import (
	"strings"
	"testing"
)

// Bodies as large as the door takes, made to be slow to check. The operation
// is public, so anybody may send them.
func BenchmarkDecodeWorstCase(b *testing.B) {
	byName := prepared(b)
	const mib = 1 << 20
	for name, c := range map[string]struct{ operation, head, fill, tail string }{
		"password":   {"SignUp", `{"ClientId":"a","Username":"u","Password":"`, `a `, `"}`},
		"user name":  {"SignUp", `{"ClientId":"a","Password":"ab","Username":"`, `é`, `"}`},
		"attributes": {"SignUp", `{"ClientId":"a","Password":"ab","Username":"u","UserAttributes":[`, `{},`, `{}]}`},
		"map":        {"SignUp", `{"ClientId":"a","Password":"ab","Username":"u","ClientMetadata":{"a":"`, `\n`, `"}}`},
		"unknown":    {"SignUp", `{"ClientId":"a","Password":"ab","Username":"u","X":[`, `{"a":1},`, `1]}`},
		"message":    {"CreateUserPool", `{"PoolName":"a","EmailVerificationMessage":"`, `{###`, `"}`},
	} {
		b.Run(name, func(b *testing.B) {
			body := []byte(c.head + strings.Repeat(c.fill, (mib-len(c.head)-len(c.tail))/len(c.fill)) + c.tail)
			for b.Loop() {
				_, _, _ = byName[c.operation].decode(body)
			}
		})
	}
}
