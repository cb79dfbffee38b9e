package rules

import (
	"iter"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"golang.org/x/net/http/httpguts"
)

// The fields of conditions, with the member that holds their values.
var conditionConfigs = map[string]string{
	"host-header": "HostHeaderConfig", "path-pattern": "PathPatternConfig", "http-header": "HttpHeaderConfig",
	"http-request-method": "HttpRequestMethodConfig", "query-string": "QueryStringConfig", "source-ip": "SourceIpConfig",
}

// maxPattern bounds a pattern, in characters.
const maxPattern = 128

func (r *reader) condition(n *yaml.Node) Condition {
	o := r.object(n, "a condition", "Field", "Values", "HostHeaderConfig", "PathPatternConfig", "HttpHeaderConfig",
		"HttpRequestMethodConfig", "QueryStringConfig", "SourceIpConfig")
	c := Condition{Field: o.required("Field")}
	config, known := conditionConfigs[c.Field]
	if !known {
		if c.Field != "" {
			o.fail("Field", "must be host-header, path-pattern, http-header, http-request-method, query-string or source-ip")
		}
		return c
	}
	for name := range o.members {
		short := name == "Values" && (c.Field == "host-header" || c.Field == "path-pattern")
		if name != "Field" && name != config && !short {
			o.fail(name, "does not belong to a condition of the field %s", c.Field)
		}
	}
	if o.has("Values") == o.has(config) {
		o.r.fail(o.line, "a condition of the field %s needs one of %s and, for hosts and paths, Values", c.Field, config)
		return c
	}
	values := o
	if o.has(config) {
		names := []string{"Values"}
		if c.Field == "http-header" {
			names = append(names, "HttpHeaderName")
		}
		values, _ = o.child(config, names...)
	}
	c.read(values)
	return c
}

func (c *Condition) read(o object) {
	o.require("Values")
	switch c.Field {
	case "query-string":
		for _, n := range o.list("Values", mostValues) {
			pair := o.r.object(n, "an entry of Values", "Key", "Value")
			c.Pairs = append(c.Pairs, Pair{pair.text("Key"), pair.required("Value")})
		}
	case "source-ip":
		for _, text := range o.texts("Values", mostValues) {
			network, err := netip.ParsePrefix(text)
			if err != nil {
				o.fail("Values", "%q is not a network such as 192.0.2.0/24", text)
				continue
			}
			c.Networks = append(c.Networks, network.Masked())
		}
	default:
		c.Values = o.texts("Values", mostValues)
	}
	if c.Field == "http-header" {
		c.Header = http.CanonicalHeaderKey(o.required("HttpHeaderName"))
		if c.Header == "Host" || c.Header != "" && !httpguts.ValidHeaderFieldName(c.Header) {
			o.fail("HttpHeaderName", "must be the name of a header other than Host")
		}
	}
	if len(c.Values)+len(c.Pairs)+len(c.Networks) == 0 && o.has("Values") {
		o.fail("Values", "must not be empty")
	}
	for _, v := range c.Values {
		if len(v) > maxPattern {
			o.fail("Values", "one has more than %d characters", maxPattern)
		}
	}
}

// Request is what conditions look at.
type Request struct {
	Method string
	Host   string // without a port, in lower case
	Path   string // decoded, see CleanPath
	Query  url.Values
	Header http.Header
	Source netip.Addr
}

// Matches reports whether all conditions of the rule hold.
func (r Rule) Matches(q *Request) bool {
	for i := range r.Conditions {
		if !r.Conditions[i].holds(q) {
			return false
		}
	}
	return true
}

func (c *Condition) holds(q *Request) bool {
	switch c.Field {
	case "host-header":
		return matchesAny(c.Values, q.Host, true)
	case "path-pattern":
		return matchesAny(c.Values, q.Path, false)
	case "http-request-method":
		return slices.Contains(c.Values, q.Method)
	case "http-header":
		return slices.ContainsFunc(q.Header[c.Header], func(v string) bool { return matchesAny(c.Values, v, true) })
	case "query-string":
		return slices.ContainsFunc(c.Pairs, func(p Pair) bool { return p.in(q.Query) })
	case "source-ip":
		source := q.Source.Unmap().WithZone("")
		return slices.ContainsFunc(c.Networks, func(n netip.Prefix) bool { return n.Contains(source) })
	}
	return false
}

func (p Pair) in(query url.Values) bool {
	for key, values := range query {
		if p.Key != "" && !wildcard(p.Key, key, true) {
			continue
		}
		if slices.ContainsFunc(values, func(v string) bool { return wildcard(p.Value, v, true) }) {
			return true
		}
	}
	return false
}

// ReadQuery reads a query for conditions. Only & separates, as at the original: a
// semicolon belongs to the value that it stands in.
func ReadQuery(raw string) url.Values {
	values, _ := url.ParseQuery(strings.ReplaceAll(raw, ";", "%3B")) // pairs that are not encoded well match nothing
	return values
}

// NamesHost reports whether a condition of the listener names a host: by its name,
// or by a pattern for hosts below a name. So do the hosts of ForwardAuth.
func (l Listener) NamesHost(host string) bool {
	if l.ForwardAuth != nil && slices.Contains(l.ForwardAuth.Hosts, host) {
		return true
	}
	for _, rule := range l.Rules {
		for _, c := range rule.Conditions {
			if c.Field == "host-header" && slices.ContainsFunc(c.Values, func(pattern string) bool {
				return namesHosts(pattern) && wildcard(pattern, host, true)
			}) {
				return true
			}
		}
	}
	return false
}

// namesHosts tells patterns that name hosts from those that let any pass, such as
// * and *.com: two labels at the end have to be spelled out.
func namesHosts(pattern string) bool {
	labels := strings.Split(strings.TrimSuffix(pattern, "."), ".")
	if len(labels) == 1 {
		return !strings.ContainsAny(pattern, "*?")
	}
	return !strings.ContainsAny(labels[len(labels)-1]+labels[len(labels)-2], "*?")
}

func matchesAny(patterns []string, text string, fold bool) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return wildcard(p, text, fold) })
}

// wildcard matches a pattern in which * stands for any number of characters and ?
// for one. It goes back to the last * only, so its time is that of the product of
// the lengths at worst.
func wildcard(pattern, text string, fold bool) bool {
	p, t, star, from := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || same(pattern[p], text[t], fold)):
			p++
			t++
		case star >= 0:
			from++
			p, t = star+1, from
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

func same(a, b byte, fold bool) bool { return a == b || fold && lower(a) == lower(b) }

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// CleanPath gives the path that patterns are held against: decoded, without
// repeated slashes. ok is false for paths with . and .. between slashes, which an
// application may take for another path than the rules do: no rule is safe to
// apply to them. The same goes for segments that end a dot segment with a
// semicolon, which some servers cut off.
func CleanPath(decoded string) (path string, ok bool) {
	for segment := range strings.SplitSeq(strings.ReplaceAll(decoded, `\`, "/"), "/") {
		if name, _, _ := strings.Cut(segment, ";"); name == "." || name == ".." {
			return "", false
		}
	}
	for strings.Contains(decoded, "//") {
		decoded = strings.ReplaceAll(decoded, "//", "/")
	}
	return decoded, true
}

// OtherReadings gives the paths that servers of another kind take a clean path for:
// those of Java cut off what follows a semicolon in a segment, some of Windows read
// backslashes as slashes. A rule that one of them leads away from, or to, is not safe
// to apply.
func OtherReadings(path string) iter.Seq[string] {
	return func(yield func(string) bool) {
		if !strings.ContainsAny(path, `;\`) {
			return
		}
		slashes := strings.ReplaceAll(path, `\`, "/")
		for _, other := range [...]string{slashes, withoutParameters(path), withoutParameters(slashes)} {
			if other, ok := CleanPath(other); ok && other != path && !yield(other) {
				return
			}
		}
	}
}

// withoutParameters cuts each segment off at its first semicolon.
func withoutParameters(path string) string {
	segments := strings.Split(path, "/")
	for i := range segments {
		segments[i], _, _ = strings.Cut(segments[i], ";")
	}
	return strings.Join(segments, "/")
}
