package mysql

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"vitess.io/vitess/go/vt/sqlparser"

	"github.com/hammerwork/hammerwork/internal/store/mysql/mysqltest"
	"github.com/hammerwork/hammerwork/migrations"
)

// refused is what one of the servers does not have although the other, or the
// grammar, does.
var refused = regexp.MustCompile(`(?i)\b(RETURNING|LATERAL|FOR SHARE|FOR UPDATE OF|BIN_TO_UUID|UUID_TO_BIN|EXCEPT|INTERSECT|FOREIGN KEY|MATERIALIZED)\b|->`)

// migrated returns the statements of the migrations, by file.
func migrated(t *testing.T) map[string][]string {
	t.Helper()
	all := make(map[string][]string)
	files, err := fs.Glob(migrations.MySQL(), "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := fs.ReadFile(migrations.MySQL(), file)
		if err != nil {
			t.Fatal(err)
		}
		up, down, ok := strings.Cut(string(text), "-- +goose Down")
		if !ok {
			t.Errorf("%s has no way back", file)
		}
		for _, part := range []string{up, down} {
			plain := regexp.MustCompile(`(?m)\s*--.*$`).ReplaceAllString(part, "")
			all[file] = append(all[file], strings.TrimSuffix(strings.TrimSpace(plain), ";"))
		}
	}
	return all
}

func TestEveryStatementIsInTheGrammarOfMySQL(t *testing.T) {
	parser, err := sqlparser.New(sqlparser.Options{MySQLServerVersion: "8.0.30"})
	if err != nil {
		t.Fatal(err)
	}
	check := func(name, sql string) {
		t.Helper()
		if _, err := parser.ParseStrictDDL(sql); err != nil {
			t.Errorf("%s: %v\n%s", name, err, sql)
		}
		if found := refused.FindString(sql); found != "" {
			t.Errorf("%s uses %s", name, found)
		}
	}
	for name, s := range statements {
		check(name, s.sql)
	}
	for _, sql := range append(append([]string{clock, changed, asked, "COMMIT", "ROLLBACK"}, beginWrite...), beginRead...) {
		check("a statement without a name", sql)
	}
	for file, list := range migrated(t) {
		for _, sql := range list {
			check(file, sql)
		}
	}
}

func TestAMigrationHasOneStatementEachWay(t *testing.T) {
	for file, list := range migrated(t) {
		for _, sql := range list {
			if sql == "" || strings.Contains(sql, ";") {
				t.Errorf("%s has none, or several:\n%s", file, sql)
			}
		}
	}
}

func TestEveryStatementIsPreparedByTheServer(t *testing.T) {
	db := mysqltest.Raw(t, mysqltest.URL(t))
	for name, s := range statements {
		prepared, err := db.PrepareContext(t.Context(), s.sql)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		prepared.Close()
	}
}
