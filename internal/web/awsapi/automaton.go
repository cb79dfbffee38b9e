package awsapi

import (
	"encoding/binary"
	"errors"
	"maps"
	"regexp/syntax"
	"slices"
)

// automaton decides in one step per character whether a pattern matches a
// whole string. Anybody can send a megabyte that some pattern has to be
// compared with (security.md S171); the standard library's regular
// expressions need many times as long for that.
type automaton struct {
	kinds  *kinds
	next   []uint16 // by state*kinds.count+kind
	accept []bool   // by state
}

const (
	dead  = 0 // the state that no character leaves
	begin = 1

	maxStates = 1000 // some ten times what the largest pattern of the model needs
)

var errForeignPattern = errors.New("no pattern of the model has such a part")

// newAutomaton makes every state that the pattern can be in.
func newAutomaton(tree *syntax.Regexp) (*automaton, error) {
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return nil, err
	}
	b := &builder{prog: prog, known: make(map[string]uint16)}
	for pc := range prog.Inst {
		switch i := &prog.Inst[pc]; i.Op {
		case syntax.InstRune, syntax.InstRune1:
			if syntax.Flags(i.Arg)&syntax.FoldCase != 0 {
				return nil, errForeignPattern
			}
		case syntax.InstEmptyWidth:
			if e := syntax.EmptyOp(i.Arg); e != syntax.EmptyBeginText && e != syntax.EmptyEndText {
				return nil, errForeignPattern
			}
		}
	}
	if b.kinds, err = newKinds(prog); err != nil {
		return nil, err
	}
	b.state(nil, 0) // dead
	b.state([]uint32{uint32(prog.Start)}, syntax.EmptyBeginText)
	for s := begin; s < len(b.readers); s++ {
		if s == maxStates {
			return nil, errForeignPattern
		}
		for k := range b.kinds.count {
			target := b.state(b.after(s, k), 0)
			b.next[s*b.kinds.count+k] = target
		}
	}
	return &b.automaton, nil
}

func (a *automaton) matches(s string) bool {
	state := begin
	for _, r := range s {
		if state = int(a.next[state*a.kinds.count+a.kinds.of(r)]); state == dead {
			return false
		}
	}
	return a.accept[state]
}

// builder is an automaton in the making. A state is the set of the program's
// instructions that may read the next character.
type builder struct {
	automaton
	prog    *syntax.Prog
	readers [][]uint32 // by state
	known   map[string]uint16
}

// after gives the places where a character of kind k leads from state s.
func (b *builder) after(s, k int) (places []uint32) {
	for _, pc := range b.readers[s] {
		if i := &b.prog.Inst[pc]; i.MatchRune(b.kinds.example[k]) {
			places = append(places, i.Out)
		}
	}
	return places
}

// state gives the state of being at any of the places, and makes it when it
// is new. where tells what is true of them: that they are at the beginning.
func (b *builder) state(places []uint32, where syntax.EmptyOp) uint16 {
	here, end := make(map[uint32]bool), make(map[uint32]bool)
	for _, pc := range places {
		b.reach(pc, where, here)
		b.reach(pc, where|syntax.EmptyEndText, end)
	}
	accept := false
	for pc := range end {
		accept = accept || b.prog.Inst[pc].Op == syntax.InstMatch
	}
	readers := slices.DeleteFunc(slices.Sorted(maps.Keys(here)), func(pc uint32) bool {
		return !reads(b.prog.Inst[pc].Op)
	})
	name := []byte{0}
	if accept {
		name[0] = 1
	}
	for _, pc := range readers {
		name = binary.AppendUvarint(name, uint64(pc))
	}
	if s, ok := b.known[string(name)]; ok {
		return s
	}
	s := uint16(len(b.readers))
	b.known[string(name)] = s
	b.readers = append(b.readers, readers)
	b.accept = append(b.accept, accept)
	b.next = append(b.next, make([]uint16, b.kinds.count)...)
	return s
}

// reach collects the instructions that are reached from pc without reading.
func (b *builder) reach(pc uint32, where syntax.EmptyOp, reached map[uint32]bool) {
	if reached[pc] {
		return
	}
	reached[pc] = true
	switch i := &b.prog.Inst[pc]; i.Op {
	case syntax.InstAlt, syntax.InstAltMatch:
		b.reach(i.Out, where, reached)
		b.reach(i.Arg, where, reached)
	case syntax.InstCapture, syntax.InstNop:
		b.reach(i.Out, where, reached)
	case syntax.InstEmptyWidth:
		if syntax.EmptyOp(i.Arg)&^where == 0 {
			b.reach(i.Out, where, reached)
		}
	}
}
