package risk

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

var (
	berlin = Place{Country: "DE", City: "Berlin", Latitude: 52.52, Longitude: 13.405, Located: true}
	sydney = Place{Country: "AU", City: "Sydney", Latitude: -33.87, Longitude: 151.21, Located: true}
	munich = Place{Country: "DE", City: "Munich", Latitude: 48.137, Longitude: 11.575, Located: true}
)

func ago(d time.Duration, e Event) Event {
	e.At = noon.Add(-d)
	return e
}

func many(n int, e Event) []Event {
	var list []Event
	for range n {
		list = append(list, e)
	}
	return list
}

// The numbers are those of docs/threat-protection.md.
func TestScores(t *testing.T) {
	t.Parallel()
	home := Event{Passed: true, Device: "laptop", Network: "192.0.2.0/24", Location: berlin}
	failed := Event{Failed: true, Device: "phone", Network: "198.51.100.0/24"}
	same := Attempt{Device: "laptop", Network: "192.0.2.0/24", Location: berlin}
	for _, test := range []struct {
		name    string
		attempt Attempt
		earlier []Event
		points  int
		level   Level
		parts   []Part
	}{
		{"first sign-in", same, nil, 0, None, nil},
		{"as always", same, []Event{ago(time.Hour, home)}, 0, None, nil},
		{
			"new device",
			Attempt{Device: "phone", Network: "192.0.2.0/24", Location: berlin},
			[]Event{ago(time.Hour, home)},
			25, Low,
			[]Part{{NewDevice, 25}},
		},
		{
			"new network",
			Attempt{Device: "laptop", Network: "198.51.100.0/24", Location: berlin},
			[]Event{ago(time.Hour, home)},
			15, None,
			[]Part{{NewNetwork, 15}},
		},
		{
			"new device and network",
			Attempt{Device: "phone", Network: "198.51.100.0/24"},
			[]Event{ago(time.Hour, home)},
			40, Low,
			[]Part{{NewDevice, 25}, {NewNetwork, 15}},
		},
		{
			"new everything, in time",
			Attempt{Device: "phone", Network: "198.51.100.0/24", Location: sydney},
			[]Event{ago(48*time.Hour, home)},
			60, Medium,
			[]Part{{NewDevice, 25}, {NewNetwork, 15}, {NewCountry, 20}},
		},
		{
			"too far in an hour",
			Attempt{Device: "laptop", Network: "198.51.100.0/24", Location: sydney},
			[]Event{ago(time.Hour, home)},
			80, High,
			[]Part{{NewNetwork, 15}, {NewCountry, 20}, {Travel, 45}},
		},
		{
			"a train ride away",
			Attempt{Device: "laptop", Network: "192.0.2.0/24", Location: munich},
			[]Event{ago(time.Hour, home)},
			0, None, nil,
		},
		{
			"the same country within minutes",
			Attempt{Device: "laptop", Network: "192.0.2.0/24", Location: munich},
			[]Event{ago(time.Minute, home)},
			45, Medium,
			[]Part{{Travel, 45}},
		},
		{"two failures", same, []Event{ago(time.Minute, failed), ago(time.Minute, failed), ago(time.Hour, home)}, 16, None, []Part{{Failures, 16}}},
		{"nine failures", same, many(9, ago(time.Minute, failed)), 40, Low, []Part{{Failures, 40}}},
		{"old failures", same, many(9, ago(time.Hour, failed)), 0, None, nil},
		{"failures that were the user", same, many(9, ago(time.Minute, Event{Failed: true, Valid: true, Device: "laptop", Network: "192.0.2.0/24"})), 0, None, nil},
		{"ten within ten minutes", same, many(10, ago(time.Minute, home)), 0, None, nil},
		{"thirteen within ten minutes", same, many(13, ago(time.Minute, home)), 15, None, []Part{{Velocity, 15}}},
		{"a hundred within ten minutes", same, many(100, ago(time.Minute, home)), 25, Low, []Part{{Velocity, 25}}},
		{
			"reported device", same,
			[]Event{ago(time.Hour, Event{Passed: true, Invalid: true, Device: "laptop", Network: "203.0.113.0/24"})},
			70, High,
			[]Part{{Reported, 70}},
		},
		{
			"reported events are no example",
			Attempt{Device: "phone", Network: "203.0.113.0/24"},
			[]Event{ago(time.Hour, Event{Passed: true, Invalid: true, Device: "laptop", Network: "192.0.2.0/24"})},
			0, None, nil,
		},
		{
			"reported ones of nobody in particular", Attempt{}, []Event{ago(time.Hour, Event{Passed: true, Invalid: true})}, 0, None, nil,
		},
		{
			"confirmed by the user",
			Attempt{Device: "phone", Network: "198.51.100.0/24"},
			[]Event{ago(2*time.Hour, Event{Failed: true, Valid: true, Device: "phone", Network: "198.51.100.0/24"}), ago(3*time.Hour, home)},
			0, None, nil,
		},
	} {
		test.attempt.At = noon
		got := Assess(test.attempt, test.earlier)
		if got.Points != test.points || got.Level() != test.level {
			t.Errorf("%s: %d points, level %d; want %d, %d", test.name, got.Points, got.Level(), test.points, test.level)
		}
		if diff := cmp.Diff(test.parts, got.Parts); diff != "" {
			t.Errorf("%s: parts (-want +got)\n%s", test.name, diff)
		}
	}
}

func TestLevelsBeginWhereTheTableSays(t *testing.T) {
	t.Parallel()
	for score, want := range map[int]Level{0: None, 19: None, 20: Low, 44: Low, 45: Medium, 69: Medium, 70: High, 500: High} {
		if got := LevelOf(score); got != want {
			t.Errorf("score %d: level %d, want %d", score, got, want)
		}
	}
}

func TestNetworks(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"192.0.2.77":                  "192.0.2.0/24",
		"::ffff:192.0.2.77":           "192.0.2.0/24",
		"2001:db8:1:2:3:4:5:6":        "2001:db8:1::/48",
		"fe80::1%eth0":                "fe80::/48",
		"2001:db8:0001:ffff:ffff::ff": "2001:db8:1::/48",
	} {
		if got := Network(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	if got := Network(netip.Addr{}); got != "" {
		t.Errorf("no address: %q", got)
	}
}

func BenchmarkAssess(b *testing.B) {
	earlier := many(50, ago(time.Minute, Event{Passed: true, Device: "laptop", Network: "192.0.2.0/24", Location: berlin}))
	a := Attempt{At: noon, Device: "phone", Network: "198.51.100.0/24", Location: sydney}
	for b.Loop() {
		Assess(a, earlier)
	}
}
