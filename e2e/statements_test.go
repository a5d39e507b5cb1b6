package e2e

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// statement is one execution that a server found slow.
type statement struct {
	took time.Duration
	text string // its beginning
}

// slowest returns the n slowest of a list, each text once.
func slowest(list []statement, n int) []statement {
	slices.SortStableFunc(list, func(a, b statement) int { return int(b.took - a.took) })
	seen := map[string]bool{}
	var top []statement
	for _, s := range list {
		if len(top) < n && !seen[s.text] {
			seen[s.text] = true
			top = append(top, s)
		}
	}
	return top
}

// text is a text in a statement.
var text = regexp.MustCompile(`'(?:[^'\\]|\\.|'')*'`)

// begins returns the beginning of a statement on one line, without comments and
// what it is about.
func begins(sql string) string {
	sql = text.ReplaceAllString(sql, "?")
	var words []string
	for line := range strings.Lines(sql) {
		code, _, _ := strings.Cut(line, "--")
		words = append(words, strings.Fields(code)...)
	}
	line := strings.Join(words, " ")
	return line[:min(len(line), 90)]
}

// postgresSlow is how a statement begins in PostgreSQL's log.
var postgresSlow = regexp.MustCompile(`LOG:  duration: ([0-9.]+) ms  (?:execute|statement|bind|parse)[^:]*: (.*)`)

// postgresLog reads the slow statements in a server's log.
func postgresLog(log string) []statement {
	var list []statement
	open := false // the lines that follow belong to the last statement
	for line := range strings.Lines(log) {
		if m := postgresSlow.FindStringSubmatch(line); m != nil {
			list, open = append(list, statement{milliseconds(m[1]), m[2] + "\n"}), true
		} else if open = open && strings.HasPrefix(line, "\t"); open {
			list[len(list)-1].text += line
		}
	}
	return trimmed(list)
}

// mysqlSlow is the line of a slow log that comes before a statement.
var mysqlSlow = regexp.MustCompile(`^# Query_time: ([0-9.]+)`)

// mysqlLog reads a slow log of MySQL or MariaDB.
func mysqlLog(log string) []statement {
	var list []statement
	for line := range strings.Lines(log) {
		if m := mysqlSlow.FindStringSubmatch(line); m != nil {
			list = append(list, statement{milliseconds(m[1]) * 1000, ""})
		} else if len(list) > 0 && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "SET timestamp") && !strings.HasPrefix(line, "use ") {
			list[len(list)-1].text += line
		}
	}
	return trimmed(list)
}

func trimmed(list []statement) []statement {
	for i := range list {
		list[i].text = begins(list[i].text)
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
`), 5)
	want := []statement{{1012500 * time.Microsecond, "COMMIT"}, {12500 * time.Microsecond, "DELETE FROM ready WHERE id = $1 RETURNING id"}}
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
	want = []statement{{250 * time.Millisecond, "UPDATE hw_jobs SET a = ? || ?;"}}
	if !slices.Equal(got, want) {
		t.Errorf("MariaDB: %v", got)
	}
}
