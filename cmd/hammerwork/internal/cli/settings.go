package cli

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/serve"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/telemetry"
)

// secret marks a flag whose value must not be seen: its environment variable
// may name a file instead, by the same name with _FILE.
const secret = "hammerwork_secret"

// secretFlag adds a flag for a secret.
func secretFlag(flags *pflag.FlagSet, to *string, name, usage string) {
	flags.StringVar(to, name, "", usage)
	// It only fails for flags that do not exist.
	_ = flags.SetAnnotation(name, secret, []string{"true"})
}

func isSecret(f *pflag.Flag) bool { return len(f.Annotations[secret]) > 0 }

// secretFile reads the file that a variable with _FILE names; "" when there is
// no such variable.
func secretFile(variable string) (string, error) {
	path := os.Getenv(variable + "_FILE")
	if path == "" {
		return "", nil
	}
	data, err := readInput(path, "secret file")
	if err != nil {
		return "", err
	}
	value := strings.TrimRight(string(data), "\r\n")
	if value == "" {
		return "", &usageError{fmt.Errorf("%s_FILE: %s is empty", variable, path), "write the secret into it"}
	}
	return value, nil
}

// logFlags are the flags about the log of a process that serves.
type logFlags struct{ level, format string }

func (l *logFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&l.level, "log-level", "info", "`level` of the log: debug, info, warn or error")
	c.Flags().StringVar(&l.format, "log-format", "auto", "`format` of the log: text, json, or auto: text on a terminal")
	complete(c, "log-level", "debug", "info", "warn", "error")
	complete(c, "log-format", "auto", "text", "json")
}

func (l *logFlags) check() error {
	if err := telemetry.CheckLog(l.level, l.format); err != nil {
		return &usageError{err, "--log-level info --log-format auto is the default"}
	}
	return nil
}

// serviceFlags adds the settings of every service.
func serviceFlags(flags *pflag.FlagSet, c *serve.Config, s *store.Options) {
	duration := func(to *time.Duration, name, usage string) { flags.DurationVar(to, name, *to, usage) }
	number := func(to *int, name, usage string) { flags.IntVar(to, name, *to, usage) }

	duration(&s.LeaseTTL, "lease-ttl", "`time` after which a silent worker loses its jobs")
	duration(&s.AcceptTTL, "accept-ttl", "`time` a worker has to accept what it was given")
	limitFlags(flags, &s.Limits)
	duration(&s.CancelGrace, "cancel-grace", "`time` that running jobs may go on when their workflow's deadline passes")

	duration(&c.Scheduler.PollInterval, "scheduler-poll-interval", "`time` between two looks for due timers")
	duration(&c.Scheduler.ReapInterval, "scheduler-reap-interval", "`time` between two looks for expired leases")
	duration(&c.Scheduler.ReapHold, "scheduler-reap-hold", "`time` that leases are left alone after a start or an outage")
	number(&c.Scheduler.Batch, "scheduler-batch", "`number` of timers that a transaction takes at most")
	duration(&c.Scheduler.PurgeInterval, "scheduler-purge-interval", "`time` between two passes that delete what is old")
	retentionFlags(flags, &c.Scheduler.Retention)

	number(&c.Resolver.Batch, "resolver-batch", "`number` of outcomes that a transaction takes at most")
	number(&c.Resolver.Queue, "resolver-queue", "`number` of outcomes that may wait")
	number(&c.Resolver.QueueBytes, "resolver-queue-bytes", "`bytes` of results that may wait")
	duration(&c.Resolver.CheckInterval, "resolver-check-interval", "`time` between two looks for dependencies on other workflows")

	duration(&c.Dispatcher.PollInterval, "dispatcher-poll-interval", "`time` between two looks for jobs without a hint")
	duration(&c.Dispatcher.PollIntervalIdle, "dispatcher-poll-interval-idle", "the longest `time` between two looks that find nothing")
	duration(&c.Dispatcher.SeenInterval, "dispatcher-seen-interval", "`time` between two notes of which workers there are")
	number(&c.Dispatcher.DeliveryJobs, "dispatcher-delivery-jobs", "`number` of jobs in one delivery at most")
}

// retentionFlags adds a setting for each thing that is kept for a time.
func retentionFlags(flags *pflag.FlagSet, r *store.Retention) {
	keep := func(to *time.Duration, name, what string) {
		flags.Var((*keepValue)(to), "scheduler-retention-"+name, "`time` that "+what+" are kept, or forever")
	}
	keep(&r.Completed, "completed", "completed jobs and workflows")
	keep(&r.Failed, "failed", "failed jobs and workflows")
	keep(&r.Cancelled, "cancelled", "cancelled jobs and workflows")
	keep(&r.Dead, "dead", "dead jobs without a workflow")
	keep(&r.TimedOut, "timed-out", "timed out jobs without a workflow")
	keep(&r.UpstreamFailed, "upstream-failed", "jobs without a workflow whose parents failed")
	keep(&r.Skipped, "skipped", "skipped jobs without a workflow")
	keep(&r.Keys, "keys", "idempotency keys, at the least,")
	keep(&r.Ticks, "ticks", "records of what became of ticks of schedules")
}

// keepValue is a flag for a duration; forever is 0.
type keepValue time.Duration

const forever = "forever"

// Set implements pflag.Value.
func (k *keepValue) Set(text string) error {
	if text == forever {
		*k = 0
		return nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return fmt.Errorf("it is neither a duration like 168h nor %s", forever)
	}
	*k = keepValue(d)
	return nil
}

// String implements pflag.Value.
func (k *keepValue) String() string {
	if *k == 0 {
		return forever
	}
	return time.Duration(*k).String()
}

// Type implements pflag.Value.
func (k *keepValue) Type() string { return "duration" }
