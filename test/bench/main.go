// Command bench measures Cognate as its users meet it: a server process on
// one side, clients in this process on the other. For each flow it prints
// operations per second with 1 and 16 clients, the CPU time of the server per
// operation, and the ratio of that to the cryptography that the flow cannot
// do without, measured in the same run (one RS256 signature = 1.0).
//
//	go run ./test/bench -users 1000,1000000
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"time"
)

func main() {
	var (
		users    = flag.String("users", "1000", "sizes of the pool, comma-separated")
		duration = flag.Duration("duration", 3*time.Second, "how long to run each flow with each number of clients")
		only     = flag.String("only", "", "run only the flows whose name contains this")
		binary   = flag.String("binary", "bin/cognate", "server to measure")
		database = flag.String("database-url", "", "PostgreSQL to use instead of SQLite (an empty database)")
	)
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *users, *duration, *only, *binary, *database); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, sizes string, duration time.Duration, only, binary, database string) error {
	floor, err := measureFloor()
	if err != nil {
		return err
	}
	floor.print(os.Stdout)
	if strings.Contains("startup", only) {
		if err := measureStartup(ctx, binary); err != nil {
			return err
		}
	}
	if strings.Contains("gateway", only) {
		if err := measureGateway(ctx, duration, binary); err != nil {
			return err
		}
	}
	for size := range strings.SplitSeq(sizes, ",") {
		n, err := strconv.Atoi(size)
		if err != nil {
			return fmt.Errorf("users: %w", err)
		}
		if err := measure(ctx, n, duration, only, binary, database); err != nil {
			return err
		}
	}
	return nil
}

func measure(ctx context.Context, users int, duration time.Duration, only, binary, database string) (err error) {
	w, err := newWorld(ctx, users, binary, database)
	if err != nil {
		return err
	}
	defer w.close()
	fmt.Printf("\n%d users, %s\n\n", users, w.engine)
	fmt.Println("| Flow | ops/s, 1 client | ops/s, 16 clients | p99 ms, 16 | CPU of the server, 1 client | CPU of the server, 16 clients | goal |")
	fmt.Println("|---|---|---|---|---|---|---|")
	for _, f := range w.flows() {
		if !strings.Contains(f.name, only) {
			continue
		}
		before, err := measureFloor()
		if err != nil {
			return err
		}
		one, err := w.run(ctx, f, 1, duration)
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		after, err := measureFloor()
		if err != nil {
			return err
		}
		floor := before.mean(after)
		many, err := w.run(ctx, f, 16, duration)
		if err != nil {
			return fmt.Errorf("%s with 16 clients: %w", f.name, err)
		}
		fmt.Printf("| %s | %.0f | %.0f | %.1f | %s | %s | %s |\n", f.name, one.perSecond(), many.perSecond(),
			float64(many.latency.ValueAtQuantile(99))/1000, f.cost(one, floor), f.cost(many, floor), f.goal)
	}
	if strings.Contains("import", only) {
		if err := w.measureImport(ctx, duration); err != nil {
			return err
		}
	}
	memory, err := w.server.residentMiB()
	if err != nil {
		return err
	}
	fmt.Printf("\nresident memory of the server afterwards: %.0f MiB\n", memory)
	return nil
}
