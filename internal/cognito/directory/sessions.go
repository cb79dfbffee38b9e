package directory

import "cognate/internal/store"

// DefaultMaxSessions is how many token sessions a user may have where the pool
// was never told (newest-features.md §4.2).
const DefaultMaxSessions = 20

// TracksSessions reports whether the pool keeps records of users' sessions.
func (p *Pool) TracksSessions() bool { return p.Settings.Sessions.Tracked }

// MaxSessions is how many token sessions a user of the pool may have.
func (p *Pool) MaxSessions() int { return MaxSessions(&p.Settings) }

// MaxSessions is Pool.MaxSessions for settings that are not compiled.
func MaxSessions(s *store.PoolSettings) int {
	if s.Sessions.MaxPerUser == 0 {
		return DefaultMaxSessions
	}
	return int(s.Sessions.MaxPerUser)
}
