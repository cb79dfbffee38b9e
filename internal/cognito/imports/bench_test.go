package imports

import (
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"

	"cognate/internal/api"
)

// people is a file of n people without hashes, made while it is read. Their names
// are in order, as from a list of accounts, or at random.
type people struct {
	n, at  int
	random bool
	rest   string
}

func (p *people) Read(into []byte) (int, error) {
	if p.rest == "" {
		switch {
		case p.at == 0:
			p.rest = header()
		case p.at > p.n:
			return 0, io.EOF
		default:
			id := p.at
			if p.random {
				id = int(uint32(p.at) * 2654435761) // another for each
			}
			p.rest = fmt.Sprintf("Ana %d,Ana,Person%d,,,,,,,ana%d@example.com,true,,,,,,,12 High Street\\, Springfield,,false,ana%d,\n", id, id, id, id)
		}
		p.at++
	}
	n := copy(into, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

// An import reads 5,000 rows a second on two cores, in memory that does not grow
// with the file (issue: 1,000,000 rows). Run it with -bench 'Import/^sqlite$'
// -benchtime 1000000x.
func BenchmarkImport(b *testing.B) {
	for _, run := range []struct {
		name, engine string
		random       bool
	}{
		{"sqlite", "sqlite", false}, {"sqlite-random", "sqlite", true}, {"postgres", "postgres", false}, {"postgres-random", "postgres", true},
	} {
		b.Run(run.name, func(b *testing.B) {
			w := newWorld(b, run.engine, plainPool())
			w.Runner.MaxRows, w.Uploads.MaxFile = int64(b.N), 1<<30 // beyond those of the service
			begun := time.Now()
			id := w.begin(b, "", &people{n: b.N, random: run.random})
			b.ReportMetric(float64(b.N)/time.Since(begun).Seconds(), "uploaded-rows/s")
			most := watchHeap(b)
			b.ResetTimer()
			w.work(b, w.Runner)
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(float64(most())/(1<<20), "heap-MiB")
			if got := w.describe(b, id); got.Status != api.UserImportJobStatusTypeSucceeded || got.ImportedUsers != int64(b.N) {
				b.Errorf("job %+v", got)
			}
		})
	}
}

// watchHeap gives the most memory that was in use at any time, looked at often.
func watchHeap(b *testing.B) func() uint64 {
	b.Helper()
	stop, most := make(chan struct{}), make(chan uint64)
	go func() {
		var highest uint64
		for {
			select {
			case <-stop:
				most <- highest
				return
			case <-time.After(50 * time.Millisecond):
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				highest = max(highest, m.HeapInuse)
			}
		}
	}()
	return func() uint64 { close(stop); return <-most }
}
