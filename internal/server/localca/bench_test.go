package localca

import (
	"crypto/tls"
	"fmt"
	"testing"
	"time"
)

// What dev pays at its start.
func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		if _, err := New(nil, time.Now); err != nil {
			b.Fatal(err)
		}
	}
}

// What the first connection to a host pays.
func BenchmarkFirstLeaf(b *testing.B) {
	a, err := New(nil, time.Now)
	if err != nil {
		b.Fatal(err)
	}
	for i := 0; b.Loop(); i++ {
		if _, err := a.GetCertificate(&tls.ClientHelloInfo{ServerName: fmt.Sprintf("h%d.localhost", i)}); err != nil {
			b.Fatal(err)
		}
	}
}
