package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/engine"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/remote"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/serve"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/pkg/workflow/spelling"
)

// The exit codes. They are a contract with scripts.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitNotFound    = 3
	exitRefused     = 4
	exitUnreachable = 5
	exitTimeout     = 6
)

// usageError is an error about the call itself or about its input.
type usageError struct {
	err  error
	hint string
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// hintError is an error that knows what to do next.
type hintError struct {
	error
	hint string
}

func (e *hintError) Unwrap() error { return e.error }

// rewordedError says in other words what another error says.
type rewordedError struct {
	error
	text string
}

func (e *rewordedError) Error() string { return e.text }
func (e *rewordedError) Unwrap() error { return e.error }

// describe maps an error to its exit code and hint: the only place that does.
func describe(err error) (code int, hint string) {
	var usage *usageError
	var hinted *hintError
	var invalid *workflow.Error
	var problem *wire.Problem
	var unreachable *remote.Unreachable
	switch {
	case err == nil:
		return exitDone, ""
	case errors.As(err, &usage):
		return exitUsage, usage.hint
	case errors.As(err, &invalid):
		return exitUsage, invalid.Hint()
	case errors.As(err, &problem):
		code, hint = problemCode(problem.Code), problemHint(problem)
	case errors.As(err, &unreachable):
		code, hint = exitUnreachable, unreachable.Hint()
	case errors.Is(err, job.ErrNotFound):
		code, hint = exitNotFound, ""
	case errors.Is(err, serve.ErrInUse):
		code, hint = exitRefused, "wait until the other process has ended, or choose other data"
	case errors.Is(err, engine.ErrUnfinished):
		code, hint = exitRefused, "finish that run with its own file first, or choose another --data-dir"
	case errors.Is(err, store.ErrNewerSchema):
		code, hint = exitRefused, "use that version of hammerwork, or other data"
	case errors.Is(err, store.ErrOlderSchema):
		code, hint = exitRefused, "bring it up to date: hammerwork migrate up"
	case errors.Is(err, errPortTaken), errors.Is(err, store.ErrNoMigration), errors.Is(err, errDeletesData), errors.As(err, new(refusal)):
		code = exitRefused
	case errors.Is(err, store.ErrUnavailable), errors.Is(err, errNATS):
		code = exitUnreachable
	case errors.Is(err, job.ErrWrongState):
		code = exitRefused
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM), errors.Is(err, syscall.EROFS):
		code, hint = exitRefused, "look at the permissions of the folder"
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, bus.ErrNoResponders), errors.Is(err, bus.ErrClosed):
		code = exitUnreachable
	case errors.Is(err, context.DeadlineExceeded):
		code = exitTimeout
	default:
		code = exitFailed
	}
	if errors.As(err, &hinted) {
		hint = hinted.hint
	}
	return code, hint
}

// problemCode maps what the API says to an exit code.
func problemCode(code wire.Code) int {
	switch code {
	case wire.CodeNotFound:
		return exitNotFound
	case wire.CodeConflict, wire.CodeWrongState, wire.CodePaused, wire.CodeUnauthorized, wire.CodeForbidden, wire.CodeSchemaTooOld:
		return exitRefused
	case wire.CodeUnavailable:
		return exitUnreachable
	case wire.CodeInvalidWorkflow, wire.CodeInvalidRequest, wire.CodeCycle, wire.CodeUnknownParent, wire.CodeDuplicateName, wire.CodeTooLarge:
		return exitUsage
	}
	return exitFailed
}

// problemHint is the server's hint, or for what the server cannot know our own.
func problemHint(p *wire.Problem) string {
	switch {
	case p.Code == wire.CodeUnauthorized:
		return "set HAMMERWORK_TOKEN, or name a file that has the token with --token-file"
	case p.Hint == "" && p.Code == wire.CodeUnavailable:
		return "try again in a moment"
	}
	return p.Hint
}

// isProblem reports whether the API said code.
func isProblem(err error, code wire.Code) bool {
	var p *wire.Problem
	return errors.As(err, &p) && p.Code == code
}

// report writes an error for people and returns the exit code.
func (a *app) report(err error) int {
	code, hint := describe(err)
	var said *alreadySaid
	if code == exitDone || errors.As(err, &said) {
		return code
	}
	var invalid *workflow.Error
	if errors.As(err, &invalid) && len(invalid.Faults) > 1 {
		a.reportFaults(invalid)
		return code
	}
	p := term.Colours(a.err)
	a.say(p.Red("error:"), term.Clean(err.Error()))
	if hint != "" {
		a.say(p.Cyan("hint:"), term.Clean(hint))
	}
	return code
}

// shownFaults is how many faults a report shows; --quiet and pipes change
// nothing about it.
const shownFaults = 50

// reportFaults writes a line a fault, as file:line:column, its hint below it.
func (a *app) reportFaults(e *workflow.Error) {
	p := term.Colours(a.err)
	what := term.OneLine(e.File)
	if what == "" { // it was made of flags
		what = "what the flags say"
	}
	a.say(p.Red("error:"), fmt.Sprintf("%s has %s", what, term.Count(len(e.Faults), "fault")))
	for _, f := range e.Faults[:min(shownFaults, len(e.Faults))] {
		one := workflow.Error{File: e.File, Faults: []workflow.Fault{f}}
		a.say(" ", term.Clean(one.Error()))
		if f.Hint != "" {
			a.say("   ", p.Cyan("hint:"), term.Clean(f.Hint))
		}
	}
	if more := len(e.Faults) - shownFaults; more > 0 {
		a.say(" ", fmt.Sprintf("and %d more", more))
	}
}

// say writes a line to stderr.
func (a *app) say(parts ...string) {
	// Nobody is left to tell when stderr cannot be written.
	_, _ = fmt.Fprintln(a.err, strings.Join(parts, " "))
}

// asUsage makes an error of cobra's about the arguments one of ours.
func asUsage(c *cobra.Command, err error) error {
	var usage *usageError
	if errors.As(err, &usage) {
		return err
	}
	return &usageError{err, seeHelp(c)}
}

func seeHelp(c *cobra.Command) string {
	return fmt.Sprintf("%s --help shows how it is used", c.CommandPath())
}

// flagError explains what is wrong with a flag.
func flagError(c *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var invalid *pflag.InvalidValueError
	var missing *pflag.ValueRequiredError
	switch {
	case errors.Is(err, pflag.ErrHelp):
		return err
	case errors.As(err, &unknown):
		if short := unknown.GetSpecifiedShortnames(); short != "" {
			return &usageError{fmt.Errorf("unknown flag -%s", unknown.GetSpecifiedName()), seeHelp(c)}
		}
		var names []string
		c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		hint := seeHelp(c)
		if unknown.GetSpecifiedName() == "token" {
			hint = "a token in a flag shows in the list of processes: set HAMMERWORK_TOKEN, or name a file with --token-file"
		} else if name := spelling.Nearest(unknown.GetSpecifiedName(), names); name != "" {
			hint = "did you mean --" + name + "?"
		}
		return &usageError{fmt.Errorf("unknown flag --%s", unknown.GetSpecifiedName()), hint}
	case errors.As(err, &invalid):
		return badFlag(c, "--"+invalid.GetFlag().Name, invalid.GetFlag(), invalid.GetValue(), invalid.Unwrap())
	case errors.As(err, &missing):
		return &usageError{fmt.Errorf("--%s needs a value", missing.GetFlag().Name), seeHelp(c)}
	}
	return &usageError{err, seeHelp(c)}
}

// badFlag says that where (a flag, a variable, a key of a file) has a value
// that cannot be used.
func badFlag(c *cobra.Command, where string, flag *pflag.Flag, value string, err error) error {
	switch flag.Value.Type() {
	case "int":
		err = errors.New("it is a whole number")
	case "bool":
		err = errors.New("it is true or false")
	case "duration":
		if _, own := flag.Value.(*keepValue); !own {
			err = errors.New("it is a duration like 30s, 5m or 1h30m")
		}
	}
	return &usageError{fmt.Errorf("%s %q: %w", where, term.OneLine(value), err), seeHelp(c)}
}
