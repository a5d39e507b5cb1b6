// Command orders is a small shop on Hammerwork: it stores an order in a table
// of its own and, in the same transaction, the workflow that charges, packs and
// ships it. Neither is ever there without the other.
//
// It uses the database and the NATS of running services, for example those of
// `hammerwork dev --data-dir /tmp/shop`:
//
//	go run ./examples/orders -database-url sqlite:///tmp/shop/hammerwork.db -nats-url nats://127.0.0.1:4222 book lamp
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/hammerwork/hammerwork/sdk/client"
	"github.com/hammerwork/hammerwork/sdk/worker"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	databaseURL := flag.String("database-url", os.Getenv("HAMMERWORK_DATABASE_URL"), "the database of the services")
	natsURL := flag.String("nats-url", os.Getenv("HAMMERWORK_NATS_URL"), "the NATS of the services")
	flag.Parse()
	if err := run(ctx, *databaseURL, *natsURL, flag.Args(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// run sells items, one after the other, and returns when all are shipped. A
// real shop would sell in one program and work in others.
func run(ctx context.Context, databaseURL, natsURL string, items []string, out io.Writer) (err error) {
	c, err := client.New(ctx, client.Config{DatabaseURL: databaseURL, NATSURL: natsURL})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	db, err := openDatabase(ctx, databaseURL)
	if err != nil {
		return err
	}
	defer db.close()
	s := &shop{client: c, db: db}

	w, err := worker.New(worker.Config{NATSURL: natsURL})
	if err != nil {
		return err
	}
	if err := s.handle(w); err != nil {
		return err
	}
	work, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- w.Run(work) }()
	defer func() {
		stop()
		err = errors.Join(err, <-ended)
	}()

	for _, item := range items {
		o, err := s.sell(ctx, item)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "order %d: %s sold\n", o.ID, o.Item)
		status, err := s.wait(ctx, o)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "order %d: %s\n", o.ID, status)
	}
	return nil
}
