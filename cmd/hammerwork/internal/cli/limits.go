package cli

import (
	"errors"
	"strconv"

	"github.com/spf13/pflag"

	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// limitFlags adds flags for how large a workflow may be.
func limitFlags(flags *pflag.FlagSet, l *workflow.Limits) {
	*l = l.WithDefaults()
	flags.Var((*limitValue)(&l.Jobs), "max-jobs", "`number` of jobs that a workflow may have")
	flags.Var((*limitValue)(&l.Edges), "max-dependencies", "`number` of dependencies that the jobs of a workflow may have together")
}

// limitValue is a flag for a number of 1 or more.
type limitValue int

// Set implements pflag.Value.
func (v *limitValue) Set(text string) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return errors.New("it is a whole number of 1 or more")
	}
	*v = limitValue(n)
	return nil
}

// String implements pflag.Value.
func (v *limitValue) String() string { return strconv.Itoa(int(*v)) }

// Type implements pflag.Value.
func (v *limitValue) Type() string { return "count" }
