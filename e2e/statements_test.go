package e2e

import (
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// statement is one execution that a server found slow, or all of a text.
type statement struct {
	took, waited time.Duration // waited: for locks
	text         string        // its name, or else its beginning
	times        int
}

// slowest returns the n slowest of a list, each text once.
func slowest(list []statement, n int) []statement {
	place := map[string]int{}
	var all []statement
	for _, s := range list {
		i, known := place[s.text]
		if !known {
			i = len(all)
			place[s.text], all = i, append(all, statement{text: s.text})
		}
		all[i].took, all[i].waited = max(all[i].took, s.took), max(all[i].waited, s.waited)
		if s.took > 0 {
			all[i].times++
		}
	}
	slices.SortStableFunc(all, func(a, b statement) int { return cmp.Compare(max(b.took, b.waited), max(a.took, a.waited)) })
	return all[:min(len(all), n)]
}

// value is a text, a number or a parameter in a statement.
var value = regexp.MustCompile(`'(?:[^'\\]|\\.|'')*'|[$?]?\b[0-9]+\b`)

// flat returns a statement on one line, without comments and what it is about.
func flat(sql string) string {
	var words []string
	for line := range strings.Lines(sql) {
		if code, _, found := strings.Cut(line, "--"); found && strings.Count(code, "'")%2 == 0 {
			line = code
		}
		words = append(words, strings.Fields(line)...)
	}
	return strings.TrimSuffix(value.ReplaceAllString(strings.Join(words, " "), "?"), ";")
}

// withNames puts the names of Hammerwork's statements for a database in the place
// of their texts.
func withNames(t *testing.T, database string, list []statement) []statement {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "internal", "store", database, "queries", "*.sql"))
	if err != nil || len(files) == 0 {
		t.Fatalf("statements of %s: %d files, %v", database, len(files), err)
	}
	names := map[string]string{}
	for _, file := range files {
		for _, part := range strings.Split("\n"+read(t, file), "\n-- name: ")[1:] {
			name, sql, _ := strings.Cut(part, "\n")
			names[flat(sql)] = name
		}
	}
	for i, s := range list {
		name, known := names[s.text]
		if !known {
			name = s.text[:min(len(s.text), 90)]
		}
		list[i].text = name
	}
	return list
}

// slow returns the slow statements that the members of a fleet have noted.
func (f *fleet) slow() (list []statement) {
	for _, m := range f.members {
		for _, p := range m.lives {
			list = append(list, processLog(f.t, p.Output())...)
		}
	}
	return list
}

// processLog reads the slow statements in the log of a process.
func processLog(t *testing.T, log string) (list []statement) {
	t.Helper()
	for line := range strings.Lines(log) {
		if !strings.Contains(line, `"msg":"slow statement"`) {
			continue
		}
		var record struct {
			Statement string
			Took      time.Duration
		}
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatal(err)
		}
		s := statement{took: record.Took, text: record.Statement}
		if s.text == "begin" {
			s = statement{waited: record.Took, text: s.text}
		}
		list = append(list, s)
	}
	return list
}

// postgresSlow is how a statement begins in PostgreSQL's log.
var postgresSlow = regexp.MustCompile(`LOG:  duration: ([0-9.]+) ms  (?:execute|statement|bind|parse)[^:]*: (.*)`)

// postgresWait is how the end of a wait for a lock is told there; lines with
// its statement follow.
var (
	postgresWait   = regexp.MustCompile(`LOG:  process [0-9]+ acquired .* after ([0-9.]+) ms`)
	postgresWaiter = regexp.MustCompile(`STATEMENT:  (.*)`)
)

// postgresLog reads the slow statements, and those that waited, in a server's
// log.
func postgresLog(log string) []statement {
	var list []statement
	open := false // the lines that follow belong to the last statement
	var waited time.Duration
	for line := range strings.Lines(log) {
		if m := postgresSlow.FindStringSubmatch(line); m != nil {
			list, open = append(list, statement{took: milliseconds(m[1]), text: m[2] + "\n"}), true
		} else if m := postgresWait.FindStringSubmatch(line); m != nil {
			waited, open = milliseconds(m[1]), false
		} else if m := postgresWaiter.FindStringSubmatch(line); m != nil && waited > 0 {
			list, open, waited = append(list, statement{waited: waited, text: m[1] + "\n"}), true, 0
		} else if open = open && strings.HasPrefix(line, "\t"); open {
			list[len(list)-1].text += line
		}
	}
	return flattened(list)
}

// mysqlSlow is the line of a slow log that comes before a statement.
var mysqlSlow = regexp.MustCompile(`^# Query_time: ([0-9.]+)\s+Lock_time: ([0-9.]+)`)

// mysqlLog reads a slow log of MySQL or MariaDB.
func mysqlLog(log string) []statement {
	var list []statement
	for line := range strings.Lines(log) {
		if m := mysqlSlow.FindStringSubmatch(line); m != nil {
			list = append(list, statement{took: milliseconds(m[1]) * 1000, waited: milliseconds(m[2]) * 1000})
		} else if len(list) > 0 && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "SET timestamp") && !strings.HasPrefix(line, "use ") {
			list[len(list)-1].text += line
		}
	}
	return flattened(list)
}

func flattened(list []statement) []statement {
	for i := range list {
		list[i].text = flat(list[i].text)
	}
	return list
}

// milliseconds reads a number of milliseconds, which a pattern has found.
func milliseconds(text string) time.Duration {
	ms, _ := strconv.ParseFloat(text, 64)
	return time.Duration(ms * float64(time.Millisecond))
}

// read returns what a file holds.
func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestSlowStatementsAreFoundInLogs(t *testing.T) {
	got := slowest(postgresLog(`2026-01-02 03:04:05.678 UTC [12] LOG:  duration: 12.5 ms  execute stmtcache_1: -- Claims.
	DELETE FROM ready
	WHERE id = $1 -- whoever deletes it
	RETURNING id
2026-01-02 03:04:05.679 UTC [12] DETAIL:  Parameters: $1 = 'secret'
2026-01-02 03:04:05.679 UTC [12] LOG:  checkpoint starting: time
	and more
2026-01-02 03:04:06.678 UTC [12] LOG:  duration: 1012.5 ms  statement: COMMIT
2026-01-02 03:04:06.678 UTC [12] LOG:  duration: 900 ms  statement: COMMIT
2026-01-02 03:04:06.678 UTC [12] LOG:  process 12 still waiting for ShareLock on transaction 7 after 100.1 ms
2026-01-02 03:04:06.678 UTC [12] DETAIL:  Process holding the lock: 11. Wait queue: 12.
2026-01-02 03:04:06.678 UTC [12] STATEMENT:  DELETE FROM ready
2026-01-02 03:04:06.678 UTC [12] LOG:  process 12 acquired ShareLock on transaction 7 after 250.5 ms
2026-01-02 03:04:06.678 UTC [12] CONTEXT:  while locking tuple (0,1) in relation "ready"
2026-01-02 03:04:06.678 UTC [12] STATEMENT:  -- Claims.
	DELETE FROM ready
	WHERE id = $1 -- whoever deletes it
	RETURNING id
`), 5)
	want := []statement{
		{took: 1012500 * time.Microsecond, text: "COMMIT", times: 2},
		{took: 12500 * time.Microsecond, waited: 250500 * time.Microsecond, text: "DELETE FROM ready WHERE id = ? RETURNING id", times: 1},
	}
	if !slices.Equal(got, want) {
		t.Errorf("PostgreSQL: %v", got)
	}
	got = slowest(mysqlLog(`/usr/sbin/mariadbd, Version: 10.11.6
Tcp port: 0  Unix socket: /x
# Time: 260102  3:04:05
# User@Host: hw[hw] @ localhost []
# Thread_id: 9  Schema: hw  QC_hit: No
# Query_time: 0.250000  Lock_time: 0.000010  Rows_sent: 0  Rows_examined: 3
use hw;
SET timestamp=1;
UPDATE hw_jobs
SET a = 'it''s ' || `+"'\\'secret\\''"+`;
`), 5)
	want = []statement{{took: 250 * time.Millisecond, waited: 10 * time.Microsecond, text: "UPDATE hw_jobs SET a = ? || ?", times: 1}}
	if !slices.Equal(got, want) {
		t.Errorf("MariaDB: %v", got)
	}
	got = slowest(processLog(t, `{"level":"INFO","msg":"ready"}
{"level":"WARN","msg":"slow statement","statement":"claim","took":250000000}
{"level":"WARN","msg":"slow statement","statement":"begin","took":350000000}
`), 5)
	want = []statement{{waited: 350 * time.Millisecond, text: "begin"}, {took: 250 * time.Millisecond, text: "claim", times: 1}}
	if !slices.Equal(got, want) {
		t.Errorf("a process: %v", got)
	}
}

func TestSlowStatementsAreNamed(t *testing.T) {
	for database, text := range map[string]string{
		"postgres": "SELECT id, job_id FROM part_check ORDER BY id LIMIT $1::int",
		"mysql":    "SELECT id, job_id FROM hw_part_check FORCE INDEX (PRIMARY) ORDER BY id LIMIT 1000",
	} {
		got := withNames(t, database, []statement{{text: flat(text)}, {text: "COMMIT"}})
		if got[0].text != "part_checks" || got[1].text != "COMMIT" {
			t.Errorf("%s: %v", database, got)
		}
	}
}
