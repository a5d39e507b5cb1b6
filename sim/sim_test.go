package sim

import (
	"flag"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/store/postgres"
	"github.com/hammerwork/hammerwork/internal/store/postgres/pgtest"
	"github.com/hammerwork/hammerwork/internal/store/sqlite"
)

var (
	seeds      = flag.Int("seeds", envInt("HAMMERWORK_SIM_SEEDS", 6), "how many seeds TestSeeds runs, each twice")
	onPostgres = flag.Int("pgseeds", envInt("HAMMERWORK_SIM_PGSEEDS", 2), "how many TestSeedsOnPostgreSQL runs")
	first      = flag.Int("seed", envInt("HAMMERWORK_SIM_SEED", 1), "the first seed")
)

func envInt(name string, or int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return or
}

// shown is how many steps a failure prints.
const shown = 80

// settledEdges is so small that jobs of the simulated workflows are wide parents.
const settledEdges = 4

func open(t *testing.T) *Database {
	path := filepath.Join(t.TempDir(), "sim.db")
	db := &Database{dialect: sqliteDialect}
	var err error
	if db.Store, err = sqlite.OpenVolatile(t.Context(), path, store.Options{Now: db.Now, Random: db.Random, SettledEdges: settledEdges}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Store.Close() })
	if db.sql, err = openSQLite(path); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.sql.Close() })
	return db
}

func openOnPostgres(t *testing.T) *Database {
	url := pgtest.URL(t)
	db := &Database{dialect: postgresDialect}
	var err error
	if db.Store, err = postgres.OpenSimulated(t.Context(), url, store.Options{Now: db.Now, Random: db.Random, SettledEdges: settledEdges}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Store.Close() })
	pool, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	db.sql = openPostgres(pool)
	t.Cleanup(func() { db.sql.Close() })
	return db
}

// Each seed runs twice: it must keep every invariant, end, and be the same run
// both times. The seeds are shared out to the processors, each with a database
// of its own.
func TestSeeds(t *testing.T) { run(t, open, *seeds) }

// What the services do is the same on a server: some of the seeds are enough.
func TestSeedsOnPostgreSQL(t *testing.T) { run(t, openOnPostgres, *onPostgres) }

func run(t *testing.T, open func(*testing.T) *Database, seeds int) {
	shards := min(runtime.GOMAXPROCS(0), seeds)
	reports := make([]Report, shards)
	t.Run("shard", func(t *testing.T) {
		for shard := range shards {
			t.Run(strconv.Itoa(shard), func(t *testing.T) {
				t.Parallel()
				db := open(t)
				for seed := *first + shard; seed < *first+seeds; seed += shards {
					reports[shard].add(runTwice(t, db, uint64(seed)))
				}
			})
		}
	})
	var all Report
	for _, r := range reports {
		all.add(r)
	}
	t.Logf("%d seeds, each twice with equal trace hashes: %d jobs, %d starts, %d crashes, %d of %d messages lost, %d steps, %s of virtual time",
		seeds, all.Jobs, all.Starts, all.Crashes, all.Lost, all.Messages, all.Steps, all.Virtual)
	t.Logf("%d records of history without a violation; reruns: %v; users: %v", all.Records, all.Reruns, all.Acts)
}

func runTwice(t *testing.T, db *Database, seed uint64) Report {
	a, err := Run(t.Context(), db, seed, false)
	if err != nil {
		t.Fatalf("%v\nrun it again with: make sim SEEDS=1 SEED=%d\n%s", err, seed, before(a.Trace, len(a.Trace)))
	}
	b, err := Run(t.Context(), db, seed, true)
	if err != nil || a.Hash != b.Hash {
		same := 0
		for same < min(len(a.Trace), len(b.Trace)) && a.Trace[same] == b.Trace[same] {
			same++
		}
		t.Fatalf("seed %d gave two different runs, %v:\n%s\nand\n%s", seed, err, before(a.Trace, same+3), before(b.Trace, same+3))
	}
	a.Trace = nil
	return a
}

// before returns the last lines before one.
func before(lines []string, end int) string {
	end = min(end, len(lines))
	return strings.Join(lines[max(0, end-shown):end], "\n")
}
