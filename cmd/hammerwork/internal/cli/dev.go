package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/engine"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/handler"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/serve"
	"github.com/hammerwork/hammerwork/internal/database"
	"github.com/hammerwork/hammerwork/internal/health"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/telemetry"
	"github.com/hammerwork/hammerwork/services/api"
)

// devFlags are the flags of dev.
type devFlags struct {
	dataDir              string
	listen, natsListen   string
	natsListenAny        bool   // nobody asked for that port: another one will do
	natsTaken            string // the port that was not free; empty: none
	healthListen         string
	auth, token          string
	workers, concurrency int
	env                  []string
	config               serve.Config
	store                store.Options
	log                  logFlags
	history              historyFlag
}

func newDev(a *app) *cobra.Command {
	f := devFlags{config: serve.DefaultConfig(), store: store.Options{}.WithDefaults()}
	c := &cobra.Command{
		Use:   "dev",
		Short: "Run everything in one process, for development",
		Long: `dev runs every service, the API, a SQLite database and NATS in one process, until
Ctrl-C. It listens on loopback addresses and prints one line when it is ready.

Your own workers connect to the NATS it prints; hammerwork worker finds it by
itself. --workers adds built-in ones, which run jobs whose payload has "command"
or "url" and simulate the others.

Without --data-dir the data goes with the process.`,
		Example: `  hammerwork dev --workers 1
  hammerwork dev --data-dir ./data --listen 127.0.0.1:9090`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			f.natsListenAny = !c.Flags().Changed("nats-listen")
			return a.dev(c.Context(), f)
		},
	}
	flags := c.Flags()
	flags.StringVar(&f.dataDir, "data-dir", "", "keep the data in this `folder`, and go on with what it holds")
	flags.StringVar(&f.listen, "listen", "127.0.0.1:8080", "`address` of the API")
	flags.StringVar(&f.natsListen, "nats-listen", "127.0.0.1:4222", "`address` of NATS; by default another port when this one is taken")
	flags.StringVar(&f.healthListen, "health-listen", "", "answer /livez, /readyz and /metrics on this `address`")
	flags.StringVar(&f.auth, "auth", "none", "who may use the API: none (everybody who reaches it) or token (who has it)")
	secretFlag(flags, &f.token, "token", "the API's token; better in HAMMERWORK_TOKEN or a file that HAMMERWORK_TOKEN_FILE names")
	flags.IntVar(&f.workers, "workers", 0, "`number` of built-in workers")
	flags.IntVar(&f.concurrency, "concurrency", 10, "`number` of jobs that each of them runs side by side")
	flags.StringSliceVar(&f.env, "env", nil, "pass this environment `variable` on to commands; may be repeated")
	serviceFlags(flags, &f.config, &f.store)
	f.log.add(c)
	f.history.add(c)
	_ = c.MarkFlagDirname("data-dir") // it only fails for flags that do not exist
	complete(c, "auth", "none", "token")
	return c
}

func (f *devFlags) check() error {
	if f.workers < 0 || f.workers > 1000 {
		return &usageError{fmt.Errorf("--workers %d is not between 0 and 1000", f.workers), "one worker runs --concurrency jobs side by side"}
	}
	if f.concurrency < 1 || f.concurrency > maxConcurrency {
		return &usageError{fmt.Errorf("--concurrency %d is not between 1 and %d", f.concurrency, maxConcurrency), "10 is the default"}
	}
	if err := checkEnv(f.env); err != nil {
		return err
	}
	for _, l := range []struct{ flag, address string }{{"listen", f.listen}, {"nats-listen", f.natsListen}} {
		host, _, err := net.SplitHostPort(l.address)
		if err != nil {
			return &usageError{fmt.Errorf("--%s %q is not host:port", l.flag, l.address), "like 127.0.0.1:8080"}
		}
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) && (l.flag == "nats-listen" || f.auth == api.AuthNone) {
			hint := "--auth token, with HAMMERWORK_TOKEN, lets only those in who have it"
			if l.flag == "nats-listen" {
				hint = "dev's NATS has no access control; use hammerwork serve with a NATS of your own"
			}
			return &usageError{fmt.Errorf("--%s %s: everybody who reaches it could run jobs", l.flag, l.address), hint}
		}
	}
	return f.log.check()
}

func (a *app) dev(ctx context.Context, f devFlags) (err error) {
	if err := f.check(); err != nil {
		return err
	}
	log := telemetry.NewLogger(a.err, f.log.level, f.log.format)
	registry := telemetry.NewRegistry()
	listener, err := listen(ctx, "listen", f.listen)
	if err != nil {
		return err
	}
	defer listener.Close() // if the API does not come to it
	f.config.API.Listener = listener
	f.config.API.Auth, f.config.API.Token = f.auth, api.Secret(f.token)
	f.config.API.Database, f.config.API.Version = string(database.SQLite), readVersion().Version
	f.config.API.CancelGrace, f.config.API.Limits = f.store.CancelGrace, f.store.Limits
	f.config.Scheduler.HoldAtStart = true
	if err := errors.Join(f.config.Validate(serve.Names), f.store.Validate()); err != nil {
		return &usageError{err, settingsHint(err)}
	}
	if f.natsListenAny && taken(ctx, f.natsListen) {
		f.natsTaken, f.natsListen = f.natsListen, "127.0.0.1:0"
	}
	if f.config.History, err = f.history.open("dev", ""); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.config.History.Close()) }()
	auto := handler.Auto(handler.Config{Exec: handler.ExecConfig{Env: f.env}})
	e, err := a.openDev(ctx, engine.Config{
		DataDir: f.dataDir, NATSListen: f.natsListen, Services: serve.Names, Settings: f.config, Store: f.store,
		Workers: f.workers, Concurrency: f.concurrency, Handler: auto.Handle, Log: log, Registry: registry,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	stopped, release := a.untilStopped(ctx)
	defer release()
	if f.healthListen != "" {
		h, err := health.Listen(ctx, f.healthListen, e.Health(), registry, log)
		if err != nil {
			return portTaken(err, "health-listen", f.healthListen)
		}
		up, down := context.WithCancel(ctx)
		answered := make(chan error, 1)
		go func() { answered <- h.Run(up) }()
		defer func() { down(); err = errors.Join(err, <-answered) }()
	}
	e.Health().Set("") // before anybody is told
	a.sayReady(e, listener.Addr().String(), f)
	err = e.Run(stopped)
	if n := int(auto.Simulated()); n > 0 {
		a.say("note:", simulatedNote(n))
	}
	return err
}

// sayReady prints the one line that scripts wait for, and for people what they
// need next.
func (a *app) sayReady(e *engine.Engine, address string, f devFlags) {
	if !a.quiet {
		if f.natsTaken != "" {
			a.say("note:", f.natsTaken+" is taken, so NATS has another port; for your own workers: export HAMMERWORK_NATS_URL="+e.NATSURL())
		} else {
			a.say("note:", "workers connect to "+e.NATSURL())
		}
		if f.workers == 0 {
			a.say("note:", "there are no built-in workers; hammerwork worker --all-queues starts one, or --workers 1 here")
		}
		if f.dataDir == "" {
			a.say("note:", "the data is temporary; --data-dir keeps it")
		}
	}
	// Nobody is left to tell when stdout cannot be written.
	_, _ = fmt.Fprintln(a.out, "ready http://"+address)
}

// openDev opens an engine and explains what people run into.
func (a *app) openDev(ctx context.Context, cfg engine.Config) (*engine.Engine, error) {
	e, err := engine.Open(ctx, cfg)
	if err != nil && isTaken(err) {
		return nil, portTaken(err, "nats-listen", cfg.NATSListen)
	}
	return e, err
}

// listen takes a port for a flag.
func listen(ctx context.Context, flag, address string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, portTaken(err, flag, address)
	}
	return l, nil
}

// portTaken explains why a port could not be taken.
func portTaken(err error, flag, address string) error {
	if isTaken(err) {
		return &hintError{
			fmt.Errorf("--%s %s: %w", flag, address, errPortTaken),
			fmt.Sprintf("another process listens there, maybe another hammerwork; choose another --%s", flag),
		}
	}
	return &hintError{fmt.Errorf("--%s %s: %w", flag, address, err), "give an address of this machine, like 127.0.0.1:8080"}
}

// errPortTaken says that a port cannot be had.
var errPortTaken = errors.New("the port is taken")

func isTaken(err error) bool {
	return errors.Is(err, syscall.EADDRINUSE) || strings.Contains(err.Error(), "address already in use")
}

// taken reports whether a port is taken now.
func taken(ctx context.Context, address string) bool {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return isTaken(err)
	}
	// It was opened to see whether it can be; nothing was sent.
	_ = l.Close()
	return false
}

// noArguments refuses arguments.
func noArguments(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return &usageError{fmt.Errorf("%s takes no arguments", c.CommandPath()), seeHelp(c)}
	}
	return nil
}

// checkEnv refuses what names no environment variable.
func checkEnv(names []string) error {
	for _, name := range names {
		if name == "" || strings.ContainsAny(name, "=\x00") {
			return &usageError{fmt.Errorf("--env %q is not the name of a variable", name), "set the variable in the environment and pass its name alone"}
		}
	}
	return nil
}
