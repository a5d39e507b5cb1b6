package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/serve"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/internal/database"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/telemetry"
	"github.com/hammerwork/hammerwork/services/api"
)

// serveFlags are the flags of serve.
type serveFlags struct {
	databaseURL, natsURL string
	healthListen         string
	auth, token          string
	config               serve.Config
	store                store.Options
	stopTimeout          time.Duration
	slowStatement        time.Duration
	log                  logFlags
	history              historyFlag
}

func newServe(a *app) *cobra.Command {
	f := serveFlags{config: serve.DefaultConfig(), store: store.Options{}.WithDefaults()}
	c := &cobra.Command{
		Use:   "serve SERVICE…|all",
		Short: "Run services, one, some or all of them",
		Long: `serve runs services of the engine until it is told to stop:

  scheduler   delayed and retrying jobs, deadlines, jobs of workers that died
  resolver    records how jobs ended and what follows from it
  dispatcher  hands jobs to workers
  api         the HTTP API

Any number of each may run, on any number of machines, on one database and one
NATS. A database or a NATS that is not there is waited for, at the start and
whenever it goes away; /readyz on --health-listen says so.

The database's schema is made by: hammerwork migrate up

On SIGTERM the services finish what they began and end, within --stop-timeout;
others take over at once what they did. A second one ends them as they are.`,
		Example: `  hammerwork serve all --database-url postgres://user@host/db --nats-url nats://host:4222
  hammerwork serve scheduler resolver --health-listen :8081
  HAMMERWORK_TOKEN_FILE=/run/secrets/token hammerwork serve api --listen :8080`,
		Args: func(_ *cobra.Command, args []string) error {
			if _, err := serve.Choose(args); err != nil {
				return &usageError{err, "name one or more of " + strings.Join(serve.Names, ", ") + ", or all"}
			}
			return nil
		},
		ValidArgs: append([]string{"all"}, serve.Names...),
		RunE:      func(c *cobra.Command, args []string) error { return a.serve(c.Context(), args, f) },
	}
	flags := c.Flags()
	secretFlag(flags, &f.databaseURL, "database-url", "`URL` of the database, "+database.Hint)
	secretFlag(flags, &f.natsURL, "nats-url", "`URL` of NATS, several separated by commas")
	flags.StringVar(&f.healthListen, "health-listen", "", "answer /livez, /readyz and /metrics on this `address`")
	flags.StringVar(&f.config.API.Listen, "listen", f.config.API.Listen, "`address` of the API")
	flags.StringVar(&f.auth, "auth", "token", "who may use the API: token (who has it) or none (everybody)")
	secretFlag(flags, &f.token, "token", "the API's token; better in HAMMERWORK_TOKEN or a file that HAMMERWORK_TOKEN_FILE names")
	flags.StringSliceVar(&f.config.API.AllowedHosts, "allowed-host", nil, "a host `name` by which the API may be called; may be repeated")
	flags.DurationVar(&f.stopTimeout, "stop-timeout", serve.DefaultStopTimeout, "`time` that the services may take to end, also while the database hangs")
	flags.DurationVar(&f.slowStatement, "slow-statement", 0, "log statements of the database that take this `time` or longer; none travels with others then (default: none is logged)")
	complete(c, "auth", "token", "none")
	serviceFlags(flags, &f.config, &f.store)
	f.log.add(c)
	f.history.add(c)
	return c
}

// memoryGoal is from where on garbage is collected more often, in bytes, unless
// GOMEMLIMIT says otherwise: a large workflow that is handed in leaves much.
const memoryGoal = 256 << 20

func (a *app) serve(ctx context.Context, names []string, f serveFlags) (err error) {
	chosen, err := serve.Choose(names)
	if err != nil {
		return err
	}
	if f.config.History, err = f.history.open(strings.Join(chosen, "+"), ""); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.config.History.Close()) }()
	p, err := a.process(chosen, &f)
	if err != nil {
		return err
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryGoal)
	}
	ctx, release := a.untilStopped(ctx)
	defer release()
	err = p.Run(ctx)
	if err != nil && isTaken(err) {
		flag, address := "listen", f.config.API.Listen
		if strings.Contains(err.Error(), "health checks") {
			flag, address = "health-listen", f.healthListen
		}
		return portTaken(err, flag, address)
	}
	return err
}

// process checks what the flags say and makes what serves.
func (a *app) process(chosen []string, f *serveFlags) (*serve.Process, error) {
	if f.natsURL == "" {
		return nil, &usageError{errors.New("no NATS is named"), "--nats-url nats://127.0.0.1:4222, or HAMMERWORK_NATS_URL"}
	}
	if err := f.log.check(); err != nil {
		return nil, err
	}
	f.config.API.Auth, f.config.API.Token = f.auth, api.Secret(f.token)
	f.config.API.NATSURL, f.config.API.Version = f.natsURL, readVersion().Version
	if kind, err := database.KindOf(f.databaseURL); err == nil {
		f.config.API.Database = string(kind)
	}
	f.config.API.CancelGrace, f.config.API.Limits = f.store.CancelGrace, f.store.Limits
	f.config.Dispatcher.LeaseTTL = f.store.LeaseTTL
	f.config.Scheduler.HoldAtStart = true
	log := telemetry.NewLogger(a.err, f.log.level, f.log.format)
	if f.slowStatement > 0 {
		f.store.Observe = func(statement string, took time.Duration) {
			if took >= f.slowStatement {
				log.Warn("slow statement", "statement", statement, "took", took)
			}
		}
	}
	p, err := serve.New(serve.Options{
		Services:     chosen,
		Config:       f.config,
		DatabaseURL:  f.databaseURL,
		NATSURL:      f.natsURL,
		HealthListen: f.healthListen,
		Store:        f.store,
		Log:          log,
		Registry:     telemetry.NewRegistry(),
		StopTimeout:  f.stopTimeout,
		Ready:        func() { log.Info("ready", "services", strings.Join(chosen, ",")) },
	})
	switch {
	case errors.Is(err, database.ErrURL):
		return nil, &usageError{fmt.Errorf("--database-url: %w", err), database.Hint}
	case errors.Is(err, serve.ErrAlone):
		return nil, &usageError{err, "serve all, or use a database server"}
	case err != nil:
		return nil, &usageError{err, settingsHint(err)}
	}
	return p, nil
}

// settingsHint says where the settings are that an error names.
func settingsHint(err error) string {
	if strings.Contains(err.Error(), "api.token") {
		return "set HAMMERWORK_TOKEN, or HAMMERWORK_TOKEN_FILE to a file with it; --auth none where nobody else reaches the address"
	}
	return "hammerwork serve --help lists the settings: a flag, a variable and a key of the settings file each"
}

// untilStopped returns a context that ends with the first signal to stop. A
// second one ends the process at once: nothing is lost that a crash would not
// leave behind, too.
func (a *app) untilStopped(ctx context.Context) (context.Context, func()) {
	s := catchStops(a.signals)
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-s.politely:
			if term.Is(a.err) && !a.quiet {
				a.say("stopping: what runs may end; Ctrl-C again stops at once")
			}
			cancel()
		case <-s.done:
			return
		}
		select {
		case <-s.now:
			a.say("stopped at once")
			os.Exit(exitFailed)
		case <-s.done:
		}
	}()
	return ctx, func() { cancel(); s.release() }
}
