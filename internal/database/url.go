package database

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
)

// Kind is a kind of database.
type Kind string

// The kinds.
const (
	MySQL    Kind = "mysql" // or MariaDB
	Postgres Kind = "postgres"
	SQLite   Kind = "sqlite"
)

// ErrURL says that a database URL cannot be used.
var ErrURL = errors.New("bad database url")

// Hint shows what database URLs look like.
const Hint = "like postgres://user:password@host:5432/database, mysql://user:password@host:3306/database or sqlite:///path/to/file.db"

// KindOf returns the kind of database that a URL names. The errors never show
// the URL, which may hold a password.
func KindOf(rawURL string) (Kind, error) {
	kind, _, err := parse(rawURL)
	return kind, err
}

func parse(rawURL string) (Kind, *url.URL, error) {
	if rawURL == "" {
		return "", nil, fmt.Errorf("%w: it is empty", ErrURL)
	}
	if strayAt(rawURL) {
		return "", nil, fmt.Errorf("%w: there is an @ behind its host; a character like @, / or # in the password is written %%40, %%2F, %%23", ErrURL)
	}
	if strings.HasPrefix(rawURL, "postgres://") || strings.HasPrefix(rawURL, "postgresql://") {
		return Postgres, nil, nil // what follows is the driver's business
	}
	if strings.HasPrefix(rawURL, "mysql://") {
		return MySQL, nil, nil // here, too
	}
	u, err := url.Parse(rawURL)
	if err != nil {
		return "", nil, fmt.Errorf("%w: it cannot be read", ErrURL)
	}
	switch u.Scheme {
	case "sqlite":
		if u.Host != "" || !filepath.IsAbs(u.Path) {
			return "", nil, fmt.Errorf("%w: sqlite:// is followed by an absolute path, so there are three slashes", ErrURL)
		}
		return SQLite, u, nil
	case "mariadb":
		return "", nil, fmt.Errorf("%w: the scheme of MariaDB is mysql, as in mysql://user:password@host:3306/database", ErrURL)
	case "":
		return "", nil, fmt.Errorf("%w: it has no scheme", ErrURL)
	}
	return "", nil, fmt.Errorf("%w: the scheme %q is unknown", ErrURL, u.Scheme)
}

// strayAt says that the path of a server's URL has an @: then a password with a
// slash ends there, and the rest of it would be shown as a host and a database.
func strayAt(rawURL string) bool {
	scheme, rest, _ := strings.Cut(rawURL, "://")
	rest, _, _ = strings.Cut(rest, "?")
	_, path, _ := strings.Cut(rest, "/")
	return scheme != "sqlite" && strings.Contains(path, "@")
}

// Path returns the file of a SQLite URL, or "".
func Path(rawURL string) string {
	kind, u, err := parse(rawURL)
	if err != nil || kind != SQLite {
		return ""
	}
	return u.Path
}
