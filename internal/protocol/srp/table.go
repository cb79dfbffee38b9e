package srp

import (
	"math/big"
	"math/bits"
	"sync"
)

const (
	exponentSize = 32                              // bytes of every exponent taken by powG
	elementWords = modulusSize * 8 / bits.UintSize // words of one table entry
	rowEntries   = 255                             // byte values 1 to 255; 0 multiplies by one
)

// powers holds generator^(d·2^(8i)) mod N for each byte value d and each byte
// position i of an exponent, one after another: just under 3 MiB. It turns the
// 256 squarings of a power of the generator into at most 31 multiplications
// (dependencies.md §5).
//
// It is a memoized constant: the first caller builds it, others wait.
var powers = sync.OnceValue(buildPowers)

// Prepare builds the table of powers, which takes a few tens of milliseconds
// of one core. Without it the first sign-in pays for that; servers call it in
// the background once they accept requests.
func Prepare() { powers() }

func buildPowers() []big.Word {
	table := make([]big.Word, 0, exponentSize*rowEntries*elementWords)
	base := new(big.Int).Set(generator)
	var r reducer
	for range exponentSize {
		power := new(big.Int).Set(base)
		for range rowEntries {
			entry := power.Bits()
			table = append(table, entry...)
			table = append(table, make([]big.Word, elementWords-len(entry))...)
			r.mulMod(power, power, base)
		}
		base = power // generator^(256·2^(8i)) starts the next row
	}
	return table
}

// powG returns generator^e mod N for a big-endian exponent of exponentSize bytes.
func powG(e []byte) *big.Int {
	table := powers()
	result := big.NewInt(1)
	var entry big.Int
	var r reducer
	for i := range exponentSize {
		d := int(e[exponentSize-1-i])
		if d == 0 {
			continue
		}
		at := (i*rowEntries + d - 1) * elementWords
		entry.SetBits(table[at : at+elementWords : at+elementWords]) // read only: entry is never a result
		r.mulMod(result, result, &entry)
	}
	return result
}

// reducer multiplies modulo N, keeping the memory of intermediate results.
type reducer struct{ product, quotient big.Int }

func (r *reducer) mulMod(z, x, y *big.Int) {
	r.product.Mul(x, y)
	r.quotient.QuoRem(&r.product, modulus, z)
}
