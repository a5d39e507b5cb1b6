package postgres

import (
	"embed"
	"io/fs"

	"github.com/hammerwork/hammerwork/internal/store/sqlstore"
)

//go:embed queries/*.sql
var queryFiles embed.FS

// statements maps each name to its SQL.
var statements = mustLoad()

func mustLoad() map[string]string {
	files, err := fs.Sub(queryFiles, "queries")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	all, err := sqlstore.Statements(files)
	if err != nil {
		panic(err) // so are the files
	}
	return all
}
