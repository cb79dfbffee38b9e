package clients

import (
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
)

// Bounds of token validity (spec/tokens.md §7).
const (
	shortestToken   = 5 * time.Minute
	longestToken    = 24 * time.Hour
	shortestRefresh = time.Hour
	longestRefresh  = 3650 * 24 * time.Hour
)

// checkValidity looks at the lives of the three tokens. A life that the client
// sets itself must be shorter than that of the refresh token; the default hour
// goes with the shortest refresh token too.
func checkValidity(s *subject) error {
	c := s.client
	refresh := span(*c.RefreshTokenValidity, c.TokenValidityUnits.RefreshToken, 24*time.Hour)
	if refresh < shortestRefresh || refresh > longestRefresh {
		return invalidValidity()
	}
	for _, token := range []struct {
		value *int32
		unit  api.TimeUnitsType
	}{
		{c.AccessTokenValidity, c.TokenValidityUnits.AccessToken},
		{c.IdTokenValidity, c.TokenValidityUnits.IdToken},
	} {
		if token.value == nil {
			continue
		}
		life := span(*token.value, token.unit, time.Hour)
		if life < shortestToken || life > longestToken || life >= refresh {
			return invalidValidity()
		}
	}
	return nil
}

func invalidValidity() error {
	return api.InvalidParameterException("Invalid range for token validity.")
}

// span is value units, or the longest duration there is: no int32 may wrap
// around to a life in range.
func span(value int32, unit api.TimeUnitsType, absent time.Duration) time.Duration {
	const longest = time.Duration(1<<63 - 1)
	length := directory.UnitLength(unit, absent)
	if time.Duration(value) > longest/length {
		return longest
	}
	return time.Duration(value) * length
}
