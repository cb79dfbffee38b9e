package federation

import (
	"slices"

	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/tokens"
	"cognate/internal/store"
)

// levelKeys are the keys of AcrMapping, by level.
var levelKeys = []string{1: "Level1", 2: "Level2", 3: "Level3", 4: "Level4"}

// knownFactors are the values of amr that are taken over from a provider.
var knownFactors = []string{
	tokens.FactorPassword, tokens.FactorTOTP, tokens.FactorSMS, tokens.FactorEmail, tokens.FactorPlatform, tokens.FactorRoaming,
}

// levelOf is what a provider vouches for (newest-features.md §10.4): the factors that
// are known here, or one that stands for whatever there was, and the level that its
// acr is mapped to. A value that is not mapped counts for the lowest.
func levelOf(v *Verified) (factors []string, level tokens.Level) {
	for _, f := range v.AMR {
		if slices.Contains(knownFactors, f) && !slices.Contains(factors, f) {
			factors = append(factors, f)
		}
	}
	if factors == nil {
		factors = []string{tokens.FactorFederated}
	}
	if len(v.Provider.Settings.AcrMapping) == 0 {
		return factors, 0
	}
	level = 1
	for l := 1; l < len(levelKeys); l++ {
		if value := v.Provider.Settings.AcrMapping[levelKeys[l]]; value != "" && value == v.ACR {
			level = tokens.Level(l)
		}
	}
	return factors, level
}

// LevelsThere translates names of levels, as a pool knows them, into those of a
// provider. Those that are not mapped are left out.
func LevelsThere(pool *directory.Pool, provider *store.IdentityProvider, names []string) []string {
	var there []string
	for _, name := range names {
		l := tokens.LevelNamed(pool.Config(), name)
		if l == 0 {
			continue
		}
		if value := provider.Settings.AcrMapping[levelKeys[l]]; value != "" {
			there = append(there, value)
		}
	}
	return there
}
