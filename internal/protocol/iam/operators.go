package iam

import (
	"cmp"
	"strings"
	"time"
)

// operator says how a condition operator compares.
type operator struct {
	negated bool
	null    bool
	build   func(texts []string, r reading) (comparison, error)
}

// operators by name, without prefix and suffix.
var operators = map[string]operator{
	"StringEquals":              {build: texts(0)},
	"StringNotEquals":           {build: texts(0), negated: true},
	"StringEqualsIgnoreCase":    {build: foldedTexts},
	"StringNotEqualsIgnoreCase": {build: foldedTexts, negated: true},
	"StringLike":                {build: texts(wildcards)},
	"StringNotLike":             {build: texts(wildcards), negated: true},

	"NumericEquals":            {build: numbers(equal)},
	"NumericNotEquals":         {build: numbers(equal), negated: true},
	"NumericLessThan":          {build: numbers(less)},
	"NumericLessThanEquals":    {build: numbers(less | equal)},
	"NumericGreaterThan":       {build: numbers(greater)},
	"NumericGreaterThanEquals": {build: numbers(greater | equal)},

	"DateEquals":            {build: dates(equal)},
	"DateNotEquals":         {build: dates(equal), negated: true},
	"DateLessThan":          {build: dates(less)},
	"DateLessThanEquals":    {build: dates(less | equal)},
	"DateGreaterThan":       {build: dates(greater)},
	"DateGreaterThanEquals": {build: dates(greater | equal)},

	"Bool": {build: booleans},
	"Null": {build: booleans, null: true},

	"BinaryEquals": {build: binaries},

	"IpAddress":    {build: networks},
	"NotIpAddress": {build: networks, negated: true},

	"ArnEquals":    {build: arns},
	"ArnLike":      {build: arns},
	"ArnNotEquals": {build: arns, negated: true},
	"ArnNotLike":   {build: arns, negated: true},
}

// operatorNamed finds an operator by the name that a document gives it, with its
// prefix and its suffix.
func operatorNamed(name string) (op operator, q quantity, ifExists, ok bool) {
	base := name
	if rest, has := strings.CutPrefix(base, "ForAllValues:"); has {
		base, q = rest, eachOne
	} else if rest, has := strings.CutPrefix(base, "ForAnyValue:"); has {
		base, q = rest, someOf
	}
	base, ifExists = strings.CutSuffix(base, "IfExists")
	op, ok = operators[base]
	if op.null && base != name { // it asks about the key, not about values
		ok = false
	}
	return op, q, ifExists, ok
}

// relation is the set of results of a comparison that an operator wants.
type relation uint8

const (
	less relation = 1 << iota
	equal
	greater
)

func relationOf(order int) relation {
	switch {
	case order < 0:
		return less
	case order > 0:
		return greater
	default:
		return equal
	}
}

// ordered compares values that have an order.
type ordered[T any] struct {
	wanted   relation
	operands []T
	read     func(string) (T, bool)
	order    func(a, b T) int
}

func (o *ordered[T]) compare(_ *evaluation, value string) verdict {
	got, ok := o.read(value)
	if !ok {
		return undecided
	}
	for _, operand := range o.operands {
		if relationOf(o.order(got, operand))&o.wanted != 0 {
			return matches
		}
	}
	return differs
}

func numbers(wanted relation) func([]string, reading) (comparison, error) {
	return func(texts []string, _ reading) (comparison, error) {
		operands, err := readAll(texts, readNumber, "number")
		return &ordered[float64]{wanted, operands, readNumber, cmp.Compare[float64]}, err
	}
}

func dates(wanted relation) func([]string, reading) (comparison, error) {
	return func(texts []string, _ reading) (comparison, error) {
		operands, err := readAll(texts, readDate, "date")
		return &ordered[time.Time]{wanted, operands, readDate, time.Time.Compare}, err
	}
}
