package sqlite

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed queries/*.sql
var queryFiles embed.FS

// statements maps each name to its SQL. In the files a statement starts with
// a line "-- name: NAME" and ends with a semicolon.
var statements = mustLoad()

func mustLoad() map[string]string {
	all := make(map[string]string)
	entries, err := queryFiles.ReadDir("queries")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	for _, entry := range entries {
		text, err := queryFiles.ReadFile("queries/" + entry.Name())
		if err != nil {
			panic(err)
		}
		for _, block := range strings.Split(string(text), "-- name: ")[1:] {
			name, sql, _ := strings.Cut(block, "\n")
			if _, twice := all[name]; twice {
				panic(fmt.Sprintf("statement %s is defined twice", name))
			}
			all[name] = strings.TrimSuffix(strings.TrimSpace(sql), ";")
		}
	}
	return all
}
