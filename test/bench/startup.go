package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// startups is how often the start is measured; making signing keys is a
// matter of luck, so one start says little.
const startups = 10

// measureStartup prints how long `cognate dev --memory` takes from its start
// to its first successful CreateUserPool, and what it then holds in memory.
func measureStartup(ctx context.Context, binary string) error {
	var slowest, sum time.Duration
	var memory float64
	for range startups {
		took, resident, err := startOnce(ctx, binary)
		if err != nil {
			return err
		}
		slowest, sum, memory = max(slowest, took), sum+took, max(memory, resident)
	}
	fmt.Printf("\ncognate dev --memory, %d starts: first CreateUserPool answered after %.0f ms on average, %.0f ms at most (goal ≤ 250 ms); "+
		"%.0f MiB of memory when idle (goal ≤ 40 MiB)\n", startups, sum.Seconds()*1000/startups, slowest.Seconds()*1000, memory)
	return nil
}

func startOnce(ctx context.Context, binary string) (took time.Duration, residentMiB float64, err error) {
	address, err := freeAddress(ctx)
	if err != nil {
		return 0, 0, err
	}
	endpoint := "http://" + address
	start := time.Now()
	s, err := launch(ctx, binary, nil, "dev", "--memory", "--listen", address, "--public-url", endpoint)
	if err != nil {
		return 0, 0, err
	}
	defer s.stop()
	for !createPool(ctx, endpoint) {
		if time.Since(start) > 10*time.Second {
			return 0, 0, fmt.Errorf("no pool could be created:\n%s", s.log.String())
		}
		time.Sleep(time.Millisecond)
	}
	took = time.Since(start)
	time.Sleep(time.Second) // the stock of keys fills up again
	residentMiB, err = s.residentMiB()
	return took, residentMiB, err
}

func createPool(ctx context.Context, endpoint string) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint+"/", strings.NewReader(`{"PoolName":"first"}`))
	if err != nil {
		return false
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService.CreateUserPool")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return err == nil && answer.StatusCode == http.StatusOK
}
