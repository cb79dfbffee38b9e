package iam

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// readAll reads the values of a condition in a policy.
func readAll[T any](texts []string, read func(string) (T, bool), kind string) ([]T, error) {
	all := make([]T, len(texts))
	for i, text := range texts {
		value, ok := read(text)
		if !ok {
			return nil, fmt.Errorf("%q is no %s", text, kind)
		}
		all[i] = value
	}
	return all, nil
}

// patterns compiles the values of a condition in a policy.
func patterns(texts []string, r reading) ([]pattern, error) {
	all := make([]pattern, len(texts))
	for i, text := range texts {
		p, err := compile(text, r)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", text, err)
		}
		all[i] = p
	}
	return all, nil
}

// textValues compares texts, with or without wildcards.
type textValues []pattern

// texts makes comparisons of texts in which special is special besides variables.
func texts(special reading) func([]string, reading) (comparison, error) {
	return func(texts []string, r reading) (comparison, error) {
		all, err := patterns(texts, r|special)
		return textValues(all), err
	}
}

func (t textValues) compare(e *evaluation, value string) verdict { return anyMatches(t, e, value) }

// foldedValues compares texts in any case.
type foldedValues []pattern

func foldedTexts(texts []string, r reading) (comparison, error) {
	all, err := patterns(texts, r)
	return foldedValues(all), err
}

func (f foldedValues) compare(e *evaluation, value string) verdict {
	answer := differs
	for i := range f {
		text, ok := f[i].expand(e)
		switch {
		case !ok:
			answer = undecided
		case strings.EqualFold(text, value):
			return matches
		}
	}
	return answer
}

// arnValues compares ARNs, part by part.
type arnValues []pattern

func arns(texts []string, r reading) (comparison, error) {
	all, err := patterns(texts, r|wildcards)
	if err != nil {
		return nil, err
	}
	for i, p := range all {
		if p.parts == nil && strings.Count(p.text, ":") < 5 {
			return nil, fmt.Errorf("%q does not have the six parts of an ARN", texts[i])
		}
	}
	return arnValues(all), nil
}

func (a arnValues) compare(e *evaluation, value string) verdict {
	if !isARN(value) {
		return undecided
	}
	answer := differs
	for i := range a {
		text, ok := a[i].expand(e)
		switch {
		case !ok:
			answer = undecided
		case matchARN(text, value):
			return matches
		}
	}
	return answer
}

// booleanValues compares true and false, in any case.
type booleanValues []bool

func booleans(texts []string, _ reading) (comparison, error) {
	all, err := readAll(texts, readBoolean, "boolean")
	return booleanValues(all), err
}

func (b booleanValues) compare(_ *evaluation, value string) verdict {
	got, ok := readBoolean(value)
	switch {
	case !ok:
		return undecided
	case slices.Contains(b, got):
		return matches
	default:
		return differs
	}
}

func readBoolean(text string) (value, ok bool) {
	switch lower(text) {
	case "true":
		return true, true
	case "false":
		return false, true
	default:
		return false, false
	}
}

// binaryValues compares bytes. The policy has them in base64, the request as
// they are.
type binaryValues []string

func binaries(texts []string, _ reading) (comparison, error) {
	all, err := readAll(texts, readBase64, "base64 text")
	return binaryValues(all), err
}

func (b binaryValues) compare(_ *evaluation, value string) verdict {
	if slices.Contains(b, value) {
		return matches
	}
	return differs
}

func readBase64(text string) (string, bool) {
	raw, err := base64.StdEncoding.Strict().DecodeString(text)
	return string(raw), err == nil
}

// networkValues compares addresses with networks.
type networkValues []netip.Prefix

func networks(texts []string, _ reading) (comparison, error) {
	all, err := readAll(texts, readNetwork, "address or network")
	return networkValues(all), err
}

func (n networkValues) compare(_ *evaluation, value string) verdict {
	address, err := netip.ParseAddr(value)
	if err != nil {
		return undecided
	}
	address = address.Unmap().WithZone("")
	for _, network := range n {
		if network.Contains(address) {
			return matches
		}
	}
	return differs
}

// readNetwork takes a network, or an address for the network that has nothing
// else in it.
func readNetwork(text string) (netip.Prefix, bool) {
	if network, err := netip.ParsePrefix(text); err == nil {
		if network.Addr().Is4In6() { // addresses are compared unmapped
			return netip.Prefix{}, false
		}
		return network.Masked(), true
	}
	address, err := netip.ParseAddr(text)
	if err != nil || address.Zone() != "" {
		return netip.Prefix{}, false
	}
	address = address.Unmap()
	return netip.PrefixFrom(address, address.BitLen()), true
}

// readNumber takes decimal numbers.
func readNumber(text string) (float64, bool) {
	if strings.Trim(text, "0123456789+-.eE") != "" { // hexadecimal, infinities and the like
		return 0, false
	}
	n, err := strconv.ParseFloat(text, 64)
	return n, err == nil
}

// dateForms are the forms of dates in ISO 8601 that W3C's profile has. A fraction
// of a second may follow the seconds.
var dateForms = [...]string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02", "2006-01", "2006"}

// lastSecond of the year 9999, the last that dates can be in.
const lastSecond = 253402300799

// readDate takes dates in ISO 8601 and seconds since 1970. Four digits are a year.
func readDate(text string) (time.Time, bool) {
	if len(text) != len("2006") && strings.Trim(text, "0123456789") == "" {
		seconds, err := strconv.ParseInt(text, 10, 64)
		return time.Unix(seconds, 0), err == nil && seconds <= lastSecond
	}
	for _, form := range dateForms {
		if t, err := time.Parse(form, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
