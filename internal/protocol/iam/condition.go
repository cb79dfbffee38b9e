package iam

// condition is one key under one operator.
type condition struct {
	operator string // as in the document
	label    string // the key as in the document
	key      string // the key in lower case
	quantity quantity
	ifExists bool // holds where the request does not have the key, ForAnyValue aside
	negated  bool // holds where the values do not match
	null     bool // the operator Null: asks whether the key is missing
	values   comparison
}

// quantity says how many of a key's values must match.
type quantity uint8

const (
	plain   quantity = iota // no prefix; negated operators: each value
	eachOne                 // ForAllValues:
	someOf                  // ForAnyValue:
)

// comparison holds the values of a condition in a policy, ready to be compared
// with one of a request. It answers whether any of them matches.
type comparison interface {
	compare(e *evaluation, value string) verdict
}

// holds tells whether a request meets the condition. What is undecided meets no
// condition of an Allow, and of a Deny those that are negated.
func (c *condition) holds(e *evaluation, deny bool) bool {
	values := e.values(c.key)
	if c.null {
		return c.values.compare(e, missing(values)) == matches
	}
	if len(values) == 0 || c.quantity == eachOne && allEmpty(values) {
		switch {
		case c.quantity == someOf: // IfExists changes nothing: there is no value that could match
			return false
		case c.ifExists, c.quantity == eachOne:
			return true
		default:
			return c.negated
		}
	}
	each := c.quantity == eachOne || c.quantity == plain && c.negated
	for _, value := range values {
		if c.accepts(e, value, deny) != each {
			return !each
		}
	}
	return each
}

// maxValue is the longest value of a request that is compared, in bytes. Callers
// choose some values, such as aws:UserAgent, and patterns, those of session
// policies: together they must not cost much.
const maxValue = 2048

// accepts tells whether one value of the request is as the condition wants it. A
// value that is too long fails an Allow and meets a Deny.
func (c *condition) accepts(e *evaluation, value string, deny bool) bool {
	if len(value) > maxValue {
		return deny
	}
	v := c.values.compare(e, value)
	if !c.negated {
		return v == matches
	}
	return v == differs || v == undecided && deny
}

// missing is what the operator Null compares with.
func missing(values []string) string {
	if len(values) == 0 {
		return "true"
	}
	return "false"
}

// allEmpty tells whether there is nothing in any value: ForAllValues takes that
// for a key without values.
func allEmpty(values []string) bool {
	for _, v := range values {
		if v != "" {
			return false
		}
	}
	return true
}
