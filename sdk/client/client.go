package client

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/hammerwork/hammerwork/internal/database"
	"github.com/hammerwork/hammerwork/internal/store"
)

// Client speaks to one database. Its methods may be called from any goroutine.
type Client struct {
	cfg   Config
	kind  database.Kind
	store store.Store
	hints *hinter

	close func() error
}

// New opens the database and checks that it answers and has the schema of this
// version: ErrOlderSchema or ErrNewerSchema when it has not. It returns without
// waiting for NATS. The error of a wrong setting shows no password.
func New(ctx context.Context, cfg Config) (*Client, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	s, err := database.Open(ctx, cfg.DatabaseURL, store.Options{CancelGrace: cfg.CancelGrace})
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	if err := s.Ready(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("the database cannot be used: %w", err), s.Close())
	}
	kind, err := database.KindOf(cfg.DatabaseURL)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	c := &Client{cfg: cfg, kind: kind, store: s, hints: newHinter(ctx, cfg)}
	c.close = sync.OnceValue(func() error {
		c.hints.close()
		return s.Close()
	})
	return c, nil
}

// Close ends the connections. Call it when nothing else is under way; it may
// be called twice.
func (c *Client) Close() error { return c.close() }
