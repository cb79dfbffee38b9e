package tokens

import (
	"slices"

	"cognate/internal/api"
	"cognate/internal/store"
)

// several is added to amr beside two or more factors.
const several = "mfa"

// Level is an authentication level: 1 to 4, or 0 for none.
type Level int

// levels are the names that the levels have in AcrConfiguration, and those that
// they have in tokens unless a pool changes them.
var levels = [...]struct{ setting, usual string }{
	1: {"Level1", "urn:cognito:loa:1"},
	2: {"Level2", "urn:cognito:loa:2"},
	3: {"Level3", "urn:cognito:loa:3"},
	4: {"Level4", "urn:cognito:loa:4"},
}

// ways is the table of the sets of factors that reach a level.
var ways = [...][][]string{
	1: {{FactorPassword}},
	2: {{FactorSMS}, {FactorEmail}},
	3: {{FactorPlatform}, {FactorRoaming}, {FactorPassword, FactorSMS}, {FactorPassword, FactorEmail}},
	4: {{FactorPassword, FactorTOTP}},
}

// Ways lists the sets of factors that reach a level or a higher one, those of
// the lowest level first.
func (l Level) Ways() [][]string {
	var all [][]string
	for n := max(int(l), 1); n < len(ways); n++ {
		all = append(all, ways[n]...)
	}
	return all
}

// LevelOf is the highest level that completed factors reach.
func LevelOf(factors []string) Level {
	for l := len(ways) - 1; l > 0; l-- {
		for _, way := range ways[l] {
			if !slices.ContainsFunc(way, func(f string) bool { return !slices.Contains(factors, f) }) {
				return Level(l)
			}
		}
	}
	return 0
}

// Name is what a pool calls a level: the value of acr. No level has none.
func (l Level) Name(pool *api.UserPoolType) string {
	if l <= 0 || int(l) >= len(levels) {
		return ""
	}
	if named := pool.AcrConfiguration[levels[l].setting].AcrValue; named != "" {
		return named
	}
	return levels[l].usual
}

// LevelNamed finds the level that a pool calls by a name; 0 when it calls none so.
func LevelNamed(pool *api.UserPoolType, name string) Level {
	for l := 1; l < len(levels); l++ {
		if Level(l).Name(pool) == name {
			return Level(l)
		}
	}
	return 0
}

// amr lists completed factors as the claim of that name does.
func amr(factors []string) []string {
	if len(factors) < 2 || slices.Contains(factors, several) {
		return factors
	}
	return append(slices.Clone(factors), several)
}

// factorsOf is the reverse of amr, for the family that a token belongs to.
func factorsOf(family *store.Family) ([]string, error) {
	doc, err := readDoc(family)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(doc.AMR, func(f string) bool { return f == several }), nil
}
