package cli

import (
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/hammerwork/hammerwork/internal/store"
)

func TestARetentionIsADurationOrForever(t *testing.T) {
	r := store.DefaultRetention()
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	retentionFlags(flags, &r)
	want := r
	for name, to := range map[string]*time.Duration{
		"completed": &want.Completed, "failed": &want.Failed, "cancelled": &want.Cancelled, "dead": &want.Dead,
		"timed-out": &want.TimedOut, "upstream-failed": &want.UpstreamFailed, "skipped": &want.Skipped, "keys": &want.Keys,
	} {
		for text, d := range map[string]time.Duration{"forever": 0, "0": 0, "36h": 36 * time.Hour} {
			if err := flags.Set("scheduler-retention-"+name, text); err != nil {
				t.Error(err)
			}
			if *to = d; r != want {
				t.Errorf("%s %s: got %+v, want %+v", name, text, r, want)
			}
		}
	}
	if err := flags.Set("scheduler-retention-completed", "7 days"); err == nil || err.Error() != `invalid argument "7 days" for "--scheduler-retention-completed" flag: it is neither a duration like 168h nor forever` {
		t.Errorf("got %v", err)
	}
}
