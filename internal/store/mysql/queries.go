package mysql

import (
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"

	"github.com/hammerwork/hammerwork/internal/store/sqlstore"
)

//go:embed queries/*.sql
var queryFiles embed.FS

// statement is a statement as it is sent: with a ? for each parameter.
type statement struct {
	sql    string
	params []int // for each ?, the place of its argument
}

// statements maps each name to its statement.
var statements = mustLoad()

func mustLoad() map[string]statement {
	files, err := fs.Sub(queryFiles, "queries")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	texts, err := sqlstore.Statements(files)
	if err != nil {
		panic(err) // so are the files
	}
	all := make(map[string]statement, len(texts))
	for name, text := range texts {
		all[name] = compile(text)
	}
	return all
}

var (
	comments   = regexp.MustCompile(`(?m)\s*-- .*$`)
	parameters = regexp.MustCompile(`\?(\d+)`)
)

// compile takes the comments out of a statement, in which a ? would count, and
// the numbers of its parameters, which the server does not know.
func compile(text string) statement {
	var s statement
	s.sql = parameters.ReplaceAllStringFunc(comments.ReplaceAllString(text, ""), func(p string) string {
		n, err := strconv.Atoi(p[1:])
		if err != nil {
			panic(err) // digits
		}
		s.params = append(s.params, n-1)
		return "?"
	})
	return s
}

// values returns the arguments of a statement in the order of its parameters.
func (s statement) values(args []any) ([]any, error) {
	values := make([]any, len(s.params))
	for i, n := range s.params {
		if n >= len(args) {
			return nil, fmt.Errorf("it has a parameter %d and %d arguments", n+1, len(args))
		}
		values[i] = args[n]
	}
	return values, nil
}
