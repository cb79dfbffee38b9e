package deptest

import (
	"strconv"
	"strings"
	"testing"
)

// minimum gives, for modules with a known hole, the oldest version without it.
// A module that is not used yet is listed so that it cannot come in too old.
var minimum = map[string]string{
	"github.com/jackc/pgx/v5":             "v5.9.2", // SQL injection in the simple protocol, and two more
	"github.com/go-jose/go-jose/v4":       "v4.1.4", // CVE-2026-34986, denial of service through JWE
	"github.com/russellhaering/goxmldsig": "v1.6.1", // CVE-2026-33487, signature bypass
	"github.com/wneessen/go-mail":         "v0.7.1", // CVE-2025-59937, address smuggling
}

func TestMinimumVersions(t *testing.T) {
	t.Parallel()
	out, err := goCommand("list", "-m", "-f", "{{with .Replace}}{{.Path}} {{.Version}}{{else}}{{.Path}} {{.Version}}{{end}}", "all")
	if err != nil {
		t.Fatal(err)
	}
	used := 0
	for line := range strings.Lines(string(out)) {
		path, version, _ := strings.Cut(strings.TrimSpace(line), " ")
		floor, ok := minimum[path]
		if !ok {
			continue
		}
		used++
		if olderThan(version, floor) {
			t.Errorf("%s is %s; before %s it has a known hole", path, version, floor)
		}
	}
	if used == 0 {
		t.Error("none of the modules with a minimum version is used: is the list read rightly?")
	}
}

// olderThan compares versions of the form vMAJOR.MINOR.PATCH. A pre-release
// counts as older than its release.
func olderThan(version, floor string) bool {
	v, pre := numbers(version)
	f, _ := numbers(floor)
	for i := range f {
		if v[i] != f[i] {
			return v[i] < f[i]
		}
	}
	return pre
}

func numbers(version string) (n [3]int, prerelease bool) {
	version, _, prerelease = strings.Cut(strings.TrimPrefix(version, "v"), "-")
	for i, part := range strings.SplitN(version, ".", 3) {
		n[i], _ = strconv.Atoi(part)
	}
	return n, prerelease
}

func TestOlderThan(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		version, floor string
		want           bool
	}{
		{"v5.9.1", "v5.9.2", true},
		{"v5.9.2", "v5.9.2", false},
		{"v5.12.0", "v5.9.2", false},
		{"v4.99.99", "v5.9.2", true},
		{"v5.9.2-rc1", "v5.9.2", true},
		{"v6.0.0", "v5.9.2", false},
		{"v0.0.0-20200101000000-abcdefabcdef", "v0.7.1", true},
	} {
		if got := olderThan(c.version, c.floor); got != c.want {
			t.Errorf("olderThan(%s, %s) = %t, want %t", c.version, c.floor, got, c.want)
		}
	}
}
