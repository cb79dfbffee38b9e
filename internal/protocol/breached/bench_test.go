package breached

import "testing"

// A password that is on no list takes longest.
func BenchmarkCommon(b *testing.B) {
	for b.Loop() {
		if Common("Correct-Horse1!") {
			b.Fatal("on the list")
		}
	}
}
