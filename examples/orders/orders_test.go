package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/sdk/client"
	"github.com/hammerwork/hammerwork/sdk/hammerworktest"
)

// engines run everything on each kind of database.
var engines = map[string]func(t *testing.T) *hammerworktest.Engine{
	"sqlite": func(t *testing.T) *hammerworktest.Engine { return hammerworktest.Start(t) },
	"postgres": func(t *testing.T) *hammerworktest.Engine {
		return hammerworktest.Start(t, hammerworktest.OnPostgres(t))
	},
	"mysql": func(t *testing.T) *hammerworktest.Engine {
		return hammerworktest.Start(t, hammerworktest.OnMySQL(t))
	},
}

func onEach(t *testing.T, test func(ctx context.Context, t *testing.T, e *hammerworktest.Engine)) {
	for kind, start := range engines {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			test(ctx, t, start(t))
		})
	}
}

func TestWhatIsSoldIsShipped(t *testing.T) {
	onEach(t, func(ctx context.Context, t *testing.T, e *hammerworktest.Engine) {
		var out strings.Builder
		if err := run(ctx, e.DatabaseURL, e.NATSURL, []string{"book", ""}, &out); err != nil {
			t.Fatal(err)
		}
		want := "order 1: book sold\norder 1: shipped\norder 2:  sold\norder 2: failed\n"
		if out.String() != want {
			t.Errorf("got\n%s\nwant\n%s", out.String(), want)
		}
	})
}

func TestAnOrderThatIsNotStoredHasNoWorkflow(t *testing.T) {
	onEach(t, func(ctx context.Context, t *testing.T, e *hammerworktest.Engine) {
		db, err := openDatabase(ctx, e.DatabaseURL)
		if err != nil {
			t.Fatal(err)
		}
		defer db.close()
		s := &shop{client: e.Client, db: failing{db}}
		if _, err := s.sell(ctx, "book"); !errors.Is(err, errLate) {
			t.Fatalf("error: %v", err)
		}
		for w, err := range e.Client.Workflows(ctx, client.WorkflowFilter{}) {
			t.Errorf("there is %s, %v", w.Name, err)
		}
		if _, err := db.status(ctx, 1); err == nil {
			t.Error("the order is there")
		}
	})
}

var errLate = errors.New("something else went wrong")

// failing is a database whose transactions fail at their end.
type failing struct{ database }

func (d failing) within(ctx context.Context, f func(transaction) error) error {
	return d.database.within(ctx, func(tx transaction) error { return errors.Join(f(tx), errLate) })
}
