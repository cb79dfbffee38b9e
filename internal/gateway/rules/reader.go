package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Error is everything that is wrong with a rules file.
type Error struct{ Problems []Problem }

// Problem is one thing that is wrong, with the line it is on.
type Problem struct {
	Line int
	Text string
}

// Error lists the problems by line.
func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = fmt.Sprintf("line %d: %s", p.Line, p.Text)
	}
	return strings.Join(lines, "\n")
}

const (
	// mostProblems is how many problems are told.
	mostProblems = 50
	// mostNodes bounds what is read, aliases counted wherever they stand.
	mostNodes = 100_000
)

// reader goes over a YAML document and collects problems.
type reader struct {
	problems []Problem
	nodes    int
	mayPass  bool // the rules that are read may have no last action that answers
}

func (r *reader) fail(line int, format string, args ...any) {
	if len(r.problems) < mostProblems {
		r.problems = append(r.problems, Problem{line, fmt.Sprintf(format, args...)})
	}
}

func (r *reader) err() error {
	if len(r.problems) == 0 {
		return nil
	}
	slices.SortStableFunc(r.problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return &Error{r.problems}
}

// follow gives what an alias stands for, and nil once there is too much.
func (r *reader) follow(n *yaml.Node) *yaml.Node {
	if r.nodes++; r.nodes > mostNodes {
		if r.nodes == mostNodes+1 {
			r.fail(n.Line, "the file is too large")
		}
		return nil
	}
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// object is a mapping whose members are known by name.
type object struct {
	r       *reader
	what    string
	line    int
	members map[string]*yaml.Node
}

// object reads a mapping that may have the named members. Where it is none, the
// object is empty and the problem noted.
func (r *reader) object(n *yaml.Node, what string, names ...string) object {
	o := object{r, what, n.Line, map[string]*yaml.Node{}}
	if n = r.follow(n); n == nil {
		return o
	}
	if n.Kind != yaml.MappingNode {
		r.fail(o.line, "%s must be a mapping", what)
		return o
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		_, twice := o.members[key.Value]
		switch {
		case key.Kind != yaml.ScalarNode || !slices.Contains(names, key.Value):
			r.fail(key.Line, "%s has no member %q: there are %s", what, key.Value, strings.Join(names, ", "))
		case twice:
			r.fail(key.Line, "%s has the member %s twice", what, key.Value)
		default:
			o.members[key.Value] = n.Content[i+1]
		}
	}
	return o
}

// has reports whether a member is there and not null.
func (o object) has(name string) bool {
	n := o.members[name]
	return n != nil && (n.Kind != yaml.ScalarNode || n.Tag != "!!null")
}

// lineOf is the line of a member, or of the object without it.
func (o object) lineOf(name string) int {
	if n := o.members[name]; n != nil {
		return n.Line
	}
	return o.line
}

func (o object) fail(name, format string, args ...any) {
	o.r.fail(o.lineOf(name), "%s: %s", name, fmt.Sprintf(format, args...))
}

// require notes a problem where a member is missing.
func (o object) require(name string) bool {
	if !o.has(name) {
		o.r.fail(o.line, "%s needs %s", o.what, name)
		return false
	}
	return true
}

// text gives a member that is a text or a number; empty without it.
func (o object) text(name string) string {
	if !o.has(name) {
		return ""
	}
	value, ok := o.r.scalar(o.members[name])
	if !ok {
		o.fail(name, "must be a text")
	}
	return value
}

func (r *reader) scalar(n *yaml.Node) (string, bool) {
	if n = r.follow(n); n == nil || n.Kind != yaml.ScalarNode || n.Tag == "!!null" || n.Tag == "!!binary" {
		return "", false
	}
	return n.Value, true
}

// required is text for a member that must be there and not empty.
func (o object) required(name string) string {
	if !o.require(name) {
		return ""
	}
	value := o.text(name)
	if value == "" {
		o.fail(name, "must not be empty")
	}
	return value
}

// oneOf is text for a member with few values; the first is the default.
func (o object) oneOf(name string, values ...string) string {
	if !o.has(name) {
		return values[0]
	}
	value := o.text(name)
	if !slices.Contains(values, value) {
		o.fail(name, "must be one of %s", strings.Join(values, ", "))
		return values[0]
	}
	return value
}

// integer gives a member that is a number in a range, or the default.
func (o object) integer(name string, least, most, otherwise int) int {
	if !o.has(name) {
		return otherwise
	}
	text := o.text(name)
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		o.fail(name, "must be a number from %d to %d", least, most)
		return otherwise
	}
	return n
}

func (o object) boolean(name string, otherwise bool) bool {
	if !o.has(name) {
		return otherwise
	}
	switch o.text(name) {
	case "true":
		return true
	case "false":
		return false
	}
	o.fail(name, "must be true or false")
	return otherwise
}

// list gives the members of a list, at most as many as most.
func (o object) list(name string, most int) []*yaml.Node {
	if !o.has(name) {
		return nil
	}
	n := o.r.follow(o.members[name])
	if n == nil {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		o.fail(name, "must be a list")
		return nil
	}
	if len(n.Content) > most {
		o.fail(name, "has %d entries, at most %d may be", len(n.Content), most)
		return n.Content[:most]
	}
	return n.Content
}

// texts gives a list of texts that are not empty.
func (o object) texts(name string, most int) []string {
	var values []string
	for _, n := range o.list(name, most) {
		value, ok := o.r.scalar(n)
		if !ok || value == "" {
			o.r.fail(n.Line, "%s: must be a list of texts", name)
			continue
		}
		values = append(values, value)
	}
	return values
}

// child is a member that is a mapping; ok is false without it.
func (o object) child(name string, names ...string) (object, bool) {
	if !o.has(name) {
		return object{r: o.r, what: name, line: o.line}, false
	}
	return o.r.object(o.members[name], name, names...), true
}
