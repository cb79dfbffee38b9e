package store_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cognate/internal/store"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// The schema of each engine is kept as a file, so that a migration shows
// what it does to both.
func TestSchemaIsTheGoldenOne(t *testing.T) {
	t.Parallel()
	queries := map[string][]string{
		"sqlite": {`SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name NOT LIKE 'goose%' AND name NOT LIKE 'sqlite%' ORDER BY tbl_name, type DESC, name`},
		"postgres": {
			`SELECT table_name || '.' || column_name || ' ' || data_type || COALESCE(' ' || collation_name, '') || CASE is_nullable WHEN 'NO' THEN ' NOT NULL' ELSE '' END
				FROM information_schema.columns WHERE table_schema = current_schema() AND table_name NOT LIKE 'goose%' ORDER BY table_name, ordinal_position`,
			`SELECT conrelid::regclass || ': ' || pg_get_constraintdef(oid) FROM pg_constraint
				WHERE connamespace = current_schema()::regnamespace AND conrelid::regclass::text NOT LIKE 'goose%' ORDER BY conrelid::regclass::text, conname`,
			`SELECT replace(indexdef, current_schema() || '.', '') FROM pg_indexes WHERE schemaname = current_schema() AND tablename NOT LIKE 'goose%' ORDER BY tablename, indexname`,
		},
	}
	for engine, list := range queries {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			db := open(t, engine)
			var lines []string
			for _, q := range list {
				lines = append(lines, read(t, db, func(ctx context.Context, tx *store.Tx) ([]string, error) { return tx.Strings(ctx, q) })...)
				lines = append(lines, "")
			}
			got := strings.Join(lines, "\n")
			file := filepath.Join("testdata", "schema_"+engine+".golden")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			wantEqual(t, got, string(want))
		})
	}
}
