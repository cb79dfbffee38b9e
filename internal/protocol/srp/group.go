package srp

import (
	"crypto/sha256"
	"math/big"
)

// modulusSize is the length of N, and of every group element in fixed-length
// form, in bytes.
const modulusSize = 384

// modulusHex is the prime of RFC 3526 §4. RFC 5054 lists the same prime with
// generator 5; here the generator is 2.
const modulusHex = "" +
	"FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74" +
	"020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437" +
	"4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED" +
	"EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF05" +
	"98DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB" +
	"9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B" +
	"E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF695581718" +
	"3995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33" +
	"A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7" +
	"ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864" +
	"D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E2" +
	"08E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF"

// The constants of the protocol. Nothing writes to them after initialization.
var (
	modulus    = hexInt(modulusHex)
	generator  = big.NewInt(2)
	multiplier = hashInts(modulus, generator) // k
)

func hexInt(s string) *big.Int {
	n, ok := new(big.Int).SetString(s, 16)
	if !ok {
		panic("srp: constant is not hexadecimal")
	}
	return n
}

// pad encodes n as every hash of the protocol wants it: big-endian without
// leading zeros, and with one zero byte in front when the top bit is set. It is
// the form Java's BigInteger.toByteArray gives, not padding to the length of N.
func pad(n *big.Int) []byte {
	// A top bit is set when the bit length fills its last byte, and then this
	// is one byte longer than the magnitude; zero gives one zero byte.
	return n.FillBytes(make([]byte, n.BitLen()/8+1))
}

// hashInts returns SHA-256 over the padded integers, as an integer.
func hashInts(numbers ...*big.Int) *big.Int {
	h := sha256.New()
	for _, n := range numbers {
		h.Write(pad(n))
	}
	return new(big.Int).SetBytes(h.Sum(nil))
}

// fixed encodes a group element in modulusSize bytes.
func fixed(n *big.Int) []byte { return n.FillBytes(make([]byte, modulusSize)) }

// inGroup reports whether n may be used as a public value or verifier: it must
// lie between 1 and N-1, which also excludes every multiple of N.
func inGroup(n *big.Int) bool { return n.Sign() > 0 && n.Cmp(modulus) < 0 }
