package database

import (
	"context"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/store/sqlite"
)

// Open opens the store at a URL. A SQLite file is created and its schema
// brought up to date; a server is not waited for: store.Store.Ready says
// whether it can be used.
func Open(ctx context.Context, rawURL string, o store.Options) (store.Store, error) {
	_, u, err := parse(rawURL)
	if err != nil {
		return nil, err
	}
	return sqlite.Open(ctx, u.Path, o)
}
