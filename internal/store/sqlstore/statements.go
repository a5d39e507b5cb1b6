package sqlstore

import (
	"fmt"
	"io/fs"
	"strings"
)

// Statements reads the statements of a dialect from its .sql files, by name.
// A statement begins with a line "-- name: NAME" and ends with a semicolon.
func Statements(files fs.FS) (map[string]string, error) {
	all := make(map[string]string)
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, err
	}
	for _, file := range names {
		text, err := fs.ReadFile(files, file)
		if err != nil {
			return nil, err
		}
		for _, block := range strings.Split(string(text), "-- name: ")[1:] {
			name, sql, _ := strings.Cut(block, "\n")
			if _, twice := all[name]; twice {
				return nil, fmt.Errorf("statement %s is defined twice", name)
			}
			all[name] = strings.TrimSuffix(strings.TrimSpace(sql), ";")
		}
	}
	return all, nil
}
