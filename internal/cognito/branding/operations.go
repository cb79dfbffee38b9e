package branding

import (
	"sync"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/style"
	"cognate/internal/store"
)

// maxStyles is the quota of a pool (newest-features.md §19).
const maxStyles = 20

// Operations are the operations on styles and looks. All fields are set.
type Operations struct {
	DB        *store.DB
	Directory *directory.Directory
	Styles    *style.Styles
	Now       func() time.Time
	// ImageURL is the public address of an image of a pool.
	ImageURL func(poolID, hash string) string

	// decoding is held while images are decoded: each may take tens of megabytes.
	decoding sync.Mutex
}

// checkPlan refuses managed login below the plan that has it
// (newest-features.md §20).
func checkPlan(pool *directory.Pool) error {
	if tier := pool.Config().UserPoolTier; tier == api.UserPoolTierTypeLite {
		return api.FeatureUnavailableInTierException("The following features need to be disabled for the %s pricing tier configured: Managed Login", tier)
	}
	return nil
}
