package risk

import (
	"math"
	"net/netip"
	"slices"
	"time"
)

// Level is how risky a sign-in is.
type Level int

// The levels, in order.
const (
	None Level = iota
	Low
	Medium
	High
)

// The least score of each level.
const (
	LowFrom    = 20
	MediumFrom = 45
	HighFrom   = 70
)

// LevelOf gives the level of a score.
func LevelOf(score int) Level {
	switch {
	case score >= HighFrom:
		return High
	case score >= MediumFrom:
		return Medium
	case score >= LowFrom:
		return Low
	}
	return None
}

// Reason names a thing that adds to a score.
type Reason string

// The reasons, and what each adds.
const (
	NewDevice  Reason = "new device"
	NewNetwork Reason = "new network"
	NewCountry Reason = "new country"
	Travel     Reason = "impossible travel"
	Failures   Reason = "failed attempts"
	Velocity   Reason = "many attempts"
	Reported   Reason = "reported by the user or an administrator"

	newDevice  = 25
	newNetwork = 15
	newCountry = 20
	travel     = 45
	perFailure = 8
	failureCap = 40
	perAttempt = 5
	attemptCap = 25
	reported   = HighFrom
)

// The windows and limits of what is counted.
const (
	FailureWindow   = time.Hour
	VelocityWindow  = 10 * time.Minute
	freeAttempts    = 10    // within VelocityWindow
	fastestKmPerH   = 900.0 // of an airliner
	shortestTravel  = 100.0 // km; less is within the error of location data
	earthRadiusInKm = 6371.0
)

// Place is where an address is.
type Place struct {
	Country             string // ISO 3166 code, or empty
	CountryName         string // in English, or empty
	City                string // or empty
	Latitude, Longitude float64
	Located             bool // the coordinates mean something
}

// Event is an earlier attempt of the same user.
type Event struct {
	At       time.Time
	Passed   bool   // it ended with tokens
	Failed   bool   // it ended without them
	Valid    bool   // feedback says that it was the user
	Invalid  bool   // feedback says that it was not
	Device   string // fingerprint, or empty
	Network  string // see Network
	Location Place
}

// trusted reports whether an event shows what is usual for the user.
func (e *Event) trusted() bool { return e.Valid || e.Passed && !e.Invalid }

// Attempt is the sign-in to be scored.
type Attempt struct {
	At       time.Time
	Device   string
	Network  string
	Location Place
}

// Part is a reason that applied, and what it added.
type Part struct {
	Reason Reason
	Points int
}

// Score is the outcome.
type Score struct {
	Points int
	Parts  []Part
}

// Level is that of the points.
func (s *Score) Level() Level { return LevelOf(s.Points) }

func (s *Score) add(r Reason, points int) {
	if points == 0 {
		return
	}
	s.Points += points
	s.Parts = append(s.Parts, Part{r, points})
}

// Assess scores an attempt against earlier ones, newest first. Without an
// earlier one that was surely the user nothing is unusual yet; failures,
// velocity and reports count all the same.
func Assess(a Attempt, earlier []Event) Score {
	var s Score
	if i := slices.IndexFunc(earlier, func(e Event) bool { return e.trusted() }); i >= 0 {
		s.compare(a, earlier, &earlier[i])
	}
	failed, recent, wasReported := 0, 0, false
	for i := range earlier {
		e := &earlier[i]
		since := a.At.Sub(e.At)
		if since < VelocityWindow {
			recent++
		}
		if e.Failed && !e.Valid && since < FailureWindow {
			failed++
		}
		wasReported = wasReported || e.Invalid && (e.Device != "" && e.Device == a.Device || e.Network != "" && e.Network == a.Network)
	}
	s.add(Failures, min(failed*perFailure, failureCap))
	s.add(Velocity, min(max(recent-freeAttempts, 0)*perAttempt, attemptCap))
	if wasReported {
		s.add(Reported, reported)
	}
	return s
}

// compare adds what is unlike the trusted events, of which last is the newest.
func (s *Score) compare(a Attempt, earlier []Event, last *Event) {
	seen := func(same func(e *Event) bool) bool {
		return slices.ContainsFunc(earlier, func(e Event) bool { return e.trusted() && same(&e) })
	}
	if !seen(func(e *Event) bool { return e.Device == a.Device }) {
		s.add(NewDevice, newDevice)
	}
	if !seen(func(e *Event) bool { return e.Network == a.Network }) {
		s.add(NewNetwork, newNetwork)
	}
	if a.Location.Country != "" && seen(func(e *Event) bool { return e.Location.Country != "" }) &&
		!seen(func(e *Event) bool { return e.Location.Country == a.Location.Country }) {
		s.add(NewCountry, newCountry)
	}
	if impossible(&last.Location, last.At, &a.Location, a.At) {
		s.add(Travel, travel)
	}
}

// impossible reports whether nobody gets from one place to the other in time.
func impossible(from *Place, left time.Time, to *Place, arrived time.Time) bool {
	if !from.Located || !to.Located {
		return false
	}
	km := distance(from, to)
	hours := max(arrived.Sub(left).Hours(), 0)
	return km > shortestTravel && km > hours*fastestKmPerH
}

// distance is the great-circle distance in kilometres, by the haversine formula.
func distance(a, b *Place) float64 {
	rad := func(degrees float64) float64 { return degrees * math.Pi / 180 }
	lat, long := rad(b.Latitude-a.Latitude)/2, rad(b.Longitude-a.Longitude)/2
	h := math.Sin(lat)*math.Sin(lat) + math.Cos(rad(a.Latitude))*math.Cos(rad(b.Latitude))*math.Sin(long)*math.Sin(long)
	return 2 * earthRadiusInKm * math.Asin(math.Sqrt(min(h, 1)))
}

// The sizes of networks whose addresses count as one.
const (
	networkBits4 = 24
	networkBits6 = 48
)

// Network gives the network of an address, /24 or /48; empty for no address.
func Network(addr netip.Addr) string {
	if !addr.IsValid() {
		return ""
	}
	addr = addr.Unmap().WithZone("")
	bits := networkBits6
	if addr.Is4() {
		bits = networkBits4
	}
	return netip.PrefixFrom(addr, bits).Masked().String()
}
