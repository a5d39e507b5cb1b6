package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/output"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/remote"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/bus/natsbus"
	"github.com/hammerwork/hammerwork/internal/database"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/wire"
)

// finding is what one check of doctor found.
type finding struct {
	Name   string `json:"name"`
	Status string `json:"status"` // ok, warning, failed or skipped
	Detail string `json:"detail"`
	Hint   string `json:"hint"`

	err error
}

// checkup is the answer of doctor.
type checkup struct {
	Healthy bool      `json:"healthy"` // nothing failed
	Checks  []finding `json:"checks"`
}

// doctorTimeout bounds one check.
const doctorTimeout = 5 * time.Second

// doctorFlags are the flags of doctor.
type doctorFlags struct{ databaseURL, natsURL string }

func newDoctor(a *app) *cobra.Command {
	var f doctorFlags
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Check what hammerwork needs, and say what to do about it",
		Long: `doctor looks at the server, the database and NATS that the flags, the environment
and the settings name, and changes nothing. What is not named is not checked; the
NATS of a server is looked for where the server says it is.

It exits with 0 when nothing failed, else as the first thing that did.`,
		Example: `  hammerwork doctor
  hammerwork doctor --database-url postgres://user@host/db --nats-url nats://host:4222`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return a.doctor(c.Context(), f) },
	}
	secretFlag(c.Flags(), &f.databaseURL, "database-url", "`URL` of the database, "+database.Hint)
	secretFlag(c.Flags(), &f.natsURL, "nats-url", "`URL` of NATS, several separated by commas")
	a.serverFlags(c)
	a.outputFlag(c)
	return c
}

func (a *app) doctor(ctx context.Context, f doctorFlags) error {
	info, list := a.checkServer(ctx)
	natsURL := f.natsURL
	if natsURL == "" {
		natsURL = info.NATSURL
	}
	list = append(list, a.checkDatabase(ctx, f.databaseURL)...)
	list = append(list, checkNATS(ctx, natsURL)...)
	report := checkup{Healthy: true, Checks: list}
	var failed error
	for i := range report.Checks {
		c := &report.Checks[i]
		if c.err == nil {
			continue
		}
		c.Status, c.Detail = "failed", c.err.Error()
		_, c.Hint = describe(c.err)
		report.Healthy = false
		if failed == nil {
			failed = c.err
		}
	}
	if err := a.printCheckup(report); err != nil {
		return err
	}
	if failed != nil {
		return &alreadySaid{failed}
	}
	return nil
}

// alreadySaid is an error that the user has read: only its exit code is left.
type alreadySaid struct{ error }

func (e *alreadySaid) Unwrap() error { return e.error }

func (a *app) printCheckup(report checkup) error {
	if a.format != output.FormatTable {
		return output.Write(a.out, a.format, report)
	}
	p := term.Colours(a.out)
	paint := map[string]func(string) string{"ok": p.Green, "warning": p.Yellow, "failed": p.Red, "skipped": p.Faint}
	mark := map[string]string{"ok": "✓", "warning": "!", "failed": "✗", "skipped": "·"}
	for _, c := range report.Checks {
		if _, err := fmt.Fprintf(a.out, "%s %-14s %s\n", paint[c.Status](mark[c.Status]), c.Name, term.OneLine(c.Detail)); err != nil {
			return closedPipe(err)
		}
		if c.Hint != "" && c.Status != "ok" {
			if _, err := fmt.Fprintf(a.out, "  %-14s %s\n", "", p.Cyan("hint: ")+term.OneLine(c.Hint)); err != nil {
				return closedPipe(err)
			}
		}
	}
	return nil
}

// checkServer looks at the API and at what it says of workers.
func (a *app) checkServer(ctx context.Context) (wire.Info, []finding) {
	ctx, cancel := context.WithTimeout(ctx, doctorTimeout)
	defer cancel()
	client, err := a.remote()
	if err != nil {
		return wire.Info{}, []finding{{Name: "server", err: err}}
	}
	defer client.Close()
	info, err := client.Info(ctx)
	if err != nil {
		return info, []finding{{Name: "server", err: err}}
	}
	list := []finding{{Name: "server", Status: "ok", Detail: fmt.Sprintf("%s, version %s, on %s", client.Server(), info.Version, info.Database)}}
	if own := readVersion().Version; own != info.Version {
		list[0].Status, list[0].Hint = "warning", "this binary is version "+own+"; use the same one where you can"
	}
	return info, append(list, checkAccess(ctx, client, info)...)
}

// checkAccess looks whether the token is good, and who works.
func checkAccess(ctx context.Context, client *remote.Client, info wire.Info) []finding {
	workers, err := client.Workers(ctx)
	if err != nil {
		return []finding{{Name: "access", err: err}}
	}
	access := finding{Name: "access", Status: "ok", Detail: "the server takes the token"}
	if info.Auth == "none" {
		access.Detail = "the server lets everybody in who reaches it"
	}
	return []finding{access, checkWorkers(workers.Items, time.Now())}
}

// checkWorkers counts who takes jobs: a worker that has gone silent or drains
// does not.
func checkWorkers(workers []wire.Worker, now time.Time) finding {
	n := 0
	for _, w := range workers {
		if !w.Draining && !silent(w, now) {
			n++
		}
	}
	found := finding{Name: "workers", Status: "ok", Detail: term.Count(n, "worker") + " ready for jobs, seen within the last " + strconv.Itoa(int(store.WorkerSilent/time.Second)) + " seconds"}
	if n == 0 {
		found.Status, found.Hint = "warning", "jobs wait until there is one: hammerwork worker --all-queues"
	}
	return found
}

// checkDatabase looks at the database itself.
func (a *app) checkDatabase(ctx context.Context, url string) []finding {
	if url == "" {
		return []finding{{Name: "database", Status: "skipped", Detail: "not named; --database-url checks it"}}
	}
	ctx, cancel := context.WithTimeout(ctx, doctorTimeout)
	defer cancel()
	kind, err := database.KindOf(url)
	if err != nil {
		return []finding{{Name: "database", err: databaseError(err)}}
	}
	if path := database.Path(url); path != "" {
		if _, err := os.Stat(path); err != nil {
			return []finding{{Name: "database", err: cannotRead(path, "SQLite file", err)}}
		}
	}
	reached := finding{Name: "database", Status: "ok", Detail: string(kind) + " answers"}
	err = checkSchema(ctx, url)
	switch {
	case errors.Is(err, store.ErrOlderSchema), errors.Is(err, store.ErrNewerSchema):
		return []finding{reached, {Name: "schema", err: err}}
	case err != nil:
		return []finding{{Name: "database", err: databaseError(err)}}
	}
	return []finding{reached, {Name: "schema", Status: "ok", Detail: "up to date"}}
}

// checkSchema says why this binary cannot use a schema. It brings nothing up to
// date.
func checkSchema(ctx context.Context, url string) error {
	if database.Path(url) != "" {
		return checkFile(ctx, url)
	}
	s, err := database.Open(ctx, url, store.Options{})
	if err != nil {
		return err
	}
	return errors.Join(s.Ready(ctx), s.Close())
}

// checkFile is checkSchema for SQLite, where opening the store would migrate.
func checkFile(ctx context.Context, url string) (err error) {
	m, err := database.Migrations(ctx, url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	steps, err := m.Status(ctx)
	if err != nil {
		return err
	}
	pending := 0
	for _, s := range steps {
		if s.AppliedAt.IsZero() {
			pending++
		}
	}
	if pending > 0 {
		return fmt.Errorf("%w: %s pending", store.ErrOlderSchema, term.Count(pending, "migration"))
	}
	return nil
}

// checkNATS looks at NATS from here, where a worker may run, and whether there
// is a resolver that workers can report to.
func checkNATS(ctx context.Context, url string) []finding {
	if url == "" {
		return []finding{{Name: "nats", Status: "skipped", Detail: "not named; --nats-url checks it"}}
	}
	ctx, cancel := context.WithTimeout(ctx, doctorTimeout)
	defer cancel()
	cfg := natsbus.Config{URL: url, Name: "hammerwork doctor"}
	if err := cfg.Validate(); err != nil {
		return []finding{{Name: "nats", err: &usageError{err, "--nats-url nats://127.0.0.1:4222, or HAMMERWORK_NATS_URL"}}}
	}
	b, err := natsbus.Connect(ctx, cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return []finding{{Name: "nats", err: &hintError{fmt.Errorf("%w: %w", errNATS, err), natsHint(err)}}}
	}
	defer b.Close()
	return []finding{{Name: "nats", Status: "ok", Detail: cfg.Server() + " answers"}, checkResolvers(ctx, b)}
}

// checkResolvers reports nothing, as a worker would, and looks who answers.
func checkResolvers(ctx context.Context, b bus.Bus) finding {
	const name = "doctor"
	data, err := bus.Encode("doctor", bus.Completed{Worker: name})
	if err == nil {
		_, err = b.Request(ctx, bus.AnyCompletedSubject(name), data)
	}
	hint := "what jobs did is recorded when there is one: hammerwork serve resolver"
	switch {
	case err == nil:
		return finding{Name: "resolvers", Status: "ok", Detail: "one answers on NATS"}
	case errors.Is(err, bus.ErrNoResponders):
		return finding{Name: "resolvers", Status: "warning", Detail: "no resolver is connected to NATS", Hint: hint}
	}
	return finding{Name: "resolvers", Status: "warning", Detail: "no resolver answers on NATS: " + err.Error(), Hint: hint}
}

// errNATS says that NATS cannot be reached.
var errNATS = errors.New("NATS cannot be reached")

// natsHint says what to do about a connection that is refused or not there.
func natsHint(err error) string {
	if strings.Contains(strings.ToLower(err.Error()), "authorization") {
		return "the user, password or token in --nats-url is not the server's"
	}
	return "is the NATS server running, and can it be reached from here?"
}
