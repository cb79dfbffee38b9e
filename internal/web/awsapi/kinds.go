package awsapi

import (
	"regexp/syntax"
	"slices"
	"unicode/utf8"
)

// kinds sorts characters by what a pattern makes of them: those that no part
// of it tells apart are of one kind.
type kinds struct {
	count   int
	example []rune // of each kind
	ascii   [utf8.RuneSelf]uint8
	blocks  [][256]uint8 // kinds by the lower bits of a character
	block   []uint16     // which of blocks, by the upper bits
}

func (k *kinds) of(r rune) int {
	if r < utf8.RuneSelf {
		return int(k.ascii[r])
	}
	return int(k.blocks[k.block[r>>8]][r&0xFF])
}

// newKinds finds the kinds that a program tells apart, at most 256.
func newKinds(prog *syntax.Prog) (*kinds, error) {
	bounds, classes := boundaries(prog)
	k := &kinds{block: make([]uint16, utf8.MaxRune>>8+1)}
	byMembership := make(map[string]uint8)
	whole := make(map[uint8]uint16) // blocks that have one kind only
	member := make([]byte, len(classes))
	for i, low := range bounds[:len(bounds)-1] {
		for j, class := range classes {
			member[j] = 0
			if class.MatchRune(low) {
				member[j] = 1
			}
		}
		kind, ok := byMembership[string(member)]
		if !ok {
			if k.count == 256 {
				return nil, errForeignPattern
			}
			kind = uint8(k.count)
			byMembership[string(member)] = kind
			k.example = append(k.example, low)
			k.count++
		}
		k.fill(low, bounds[i+1], kind, whole)
	}
	copy(k.ascii[:], k.blocks[k.block[0]][:])
	return k, nil
}

// fill gives a kind to the characters from low to below high. It is called
// with one range after the other.
func (k *kinds) fill(low, high rune, kind uint8, whole map[uint8]uint16) {
	for low < high {
		end := min(high, low|0xFF+1)
		entire := end-low == 256
		if at, made := whole[kind]; made && entire {
			k.block[low>>8], low = at, end
			continue
		}
		if low&0xFF == 0 {
			at := uint16(len(k.blocks))
			k.blocks = append(k.blocks, [256]uint8{})
			k.block[low>>8] = at
			if entire {
				whole[kind] = at
			}
		}
		block := &k.blocks[k.block[low>>8]]
		for ; low < end; low++ {
			block[low&0xFF] = kind
		}
	}
}

// boundaries gives the characters with which classes begin or have just
// ended, in order, from the first character to after the last, and one
// instruction for each different class.
func boundaries(prog *syntax.Prog) (bounds []rune, classes []*syntax.Inst) {
	bounds = []rune{0, utf8.MaxRune + 1}
	for pc := range prog.Inst {
		i := &prog.Inst[pc]
		if !reads(i.Op) || slices.ContainsFunc(classes, func(c *syntax.Inst) bool { return slices.Equal(c.Rune, i.Rune) }) {
			continue
		}
		classes = append(classes, i)
		if len(i.Rune) == 1 {
			bounds = append(bounds, i.Rune[0], i.Rune[0]+1)
		}
		for r := 0; r+1 < len(i.Rune); r += 2 {
			bounds = append(bounds, i.Rune[r], i.Rune[r+1]+1)
		}
	}
	slices.Sort(bounds)
	return slices.Compact(bounds), classes
}

func reads(op syntax.InstOp) bool {
	return op == syntax.InstRune || op == syntax.InstRune1 || op == syntax.InstRuneAny || op == syntax.InstRuneAnyNotNL
}
