package signin

import (
	"runtime"
	"sync"
	"testing"

	"cognate/internal/api"
	"cognate/internal/cognito/limits"
)

// While more work waits for the cores than they can do, no sign-in is begun;
// refreshing, which computes least, goes on.
func TestS174SignInsAreRefusedWhileTheLineIsFull(t *testing.T) {
	t.Parallel()
	o := &Operations{Cores: limits.NewCores()}
	release := make(chan struct{})
	var all sync.WaitGroup
	for !o.Cores.Full() {
		for range 100 {
			all.Go(func() { o.Cores.Do(func() { <-release }) })
		}
		runtime.Gosched()
	}
	begun := 0
	try := func(flow api.AuthFlowType) error {
		_, err := o.watched(t.Context(), &request{flow: flow}, func() (*answer, error) { begun++; return &answer{}, nil })
		return err
	}
	for _, flow := range []api.AuthFlowType{api.AuthFlowTypeUserPasswordAuth, api.AuthFlowTypeUserSrpAuth, api.AuthFlowTypeUserAuth} {
		if err := try(flow); !api.HasCode(err, "TooManyRequestsException") || begun != 0 {
			t.Errorf("%s: %v, begun %d", flow, err, begun)
		}
	}
	if err := try(api.AuthFlowTypeRefreshTokenAuth); err != nil || begun != 1 {
		t.Errorf("refreshing: %v, begun %d", err, begun)
	}
	close(release)
	all.Wait()
}
