package api

import (
	"encoding/json"
	"testing"
	"time"
)

// Recorded answers write dates in exponent form (spec/recorded.md §1, spec
// model README: shortest digits, at least one after the point).
func TestTimesAreWrittenInExponentForm(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		milli int64
		want  string
	}{
		{1594889658976, "1.594889658976E9"},
		{1600000000000, "1.6E9"},
		{1470957431965, "1.470957431965E9"},
		{1500, "1.5E0"},
		{1000000000000, "1.0E9"},
	} {
		got, err := json.Marshal(TimeOf(time.UnixMilli(test.milli)))
		if err != nil || string(got) != test.want {
			t.Errorf("time %d is written as %s (%v), want %s", test.milli, got, err, test.want)
		}
		var back Time
		if err := json.Unmarshal(got, &back); err != nil || back.UnixMilli() != test.milli {
			t.Errorf("%s reads as %v (%v), want %d ms", got, back, err, test.milli)
		}
	}
}

func TestTimesThatAreNoNumbersAreRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`"2026-01-01"`, `true`, `1e300`, `{}`} {
		if err := json.Unmarshal([]byte(text), new(Time)); err == nil {
			t.Errorf("%s was read as a time", text)
		}
	}
}
