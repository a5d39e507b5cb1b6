package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/engine"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/handler"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/output"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/progress"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// runner is what a session needs of an engine.
type runner interface {
	Run(ctx context.Context) error
	Submit(ctx context.Context, w *workflow.Workflow, digest string) (id job.ID, resumed bool, err error)
	Watch(ctx context.Context, id job.ID, on func(bus.JobEvent)) (store.WorkflowRecord, error)
	Workflow(ctx context.Context, id job.ID) (store.WorkflowRecord, error)
	Jobs(ctx context.Context, id job.ID) ([]store.JobRecord, error)
	Find(ctx context.Context, f store.JobFilter) ([]store.JobRecord, error)
	Answer(ctx context.Context, a store.Answer, by store.Actor) error
	Cancel(ctx context.Context, id job.ID) error
	Close() error
}

// closeLimit bounds the closing of the engine when the user wants to stop at
// once.
const closeLimit = 2 * time.Second

// session is one run of one workflow, from the start of the engine to the
// printed result.
type session struct {
	app   *app
	file  loaded
	kept  string // where the data stays; empty: nowhere
	logs  *redirect
	hurry *hurry

	answers    answers
	passable   map[string]bool // gates with which it goes on without an answer, by path
	unanswered chan suspended  // a gate that the run ends for
	open       *suspended      // that it ended for; nil: none

	engine   runner
	stops    *stops
	progress progress.Progress
	id       job.ID
	within   []wire.Job // its jobs, and what they are made of, as a table shows them
}

func (s *session) run(ctx context.Context, cfg engine.Config) (err error) {
	s.stops = catchStops(s.app.signals)
	defer s.stops.release()
	if s.engine, err = s.app.open(ctx, cfg); err != nil {
		return err
	}
	// Before anything runs: the data folder may hold another workflow.
	id, resumed, err := s.engine.Submit(ctx, s.file.Workflow, s.file.Digest)
	if err != nil {
		return errors.Join(fmt.Errorf("enqueue workflow %s: %w", s.file.Name, err), s.engine.Close())
	}
	s.id = id
	work, stopWork := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- s.engine.Run(work) }()

	rec, jobs, err := s.follow(ctx, resumed, served, stopWork)
	stopWork()
	if closed := s.close(served); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	w := wire.FromRecords(rec, jobs)
	if err := s.print(w); err != nil {
		return err
	}
	return s.verdict(w)
}

// close waits until the engine has drained, and closes it. When the user wants
// to stop at once it only waits for the end of the handlers.
func (s *session) close(served <-chan error) error {
	select {
	case err := <-served:
		return errors.Join(err, s.engine.Close())
	case <-s.stops.now:
	}
	s.logs.set(io.Discard) // of services that lose their database
	s.hurry.stop(handler.DefaultGrace + time.Second)
	within(closeLimit, func() { _ = s.engine.Close() })
	return s.stoppedAtOnce()
}

// follow returns how the workflow stands when it has ended or
// when the user has stopped it. served gives the engine's end.
func (s *session) follow(ctx context.Context, resumed bool, served chan error, stopWork func()) (rec store.WorkflowRecord, jobs []store.JobRecord, err error) {
	if err := s.show(ctx, resumed); err != nil {
		return rec, nil, err
	}
	defer func() {
		s.logs.set(s.app.err)
		s.progress.End(rec.Status)
	}()

	watch, stopWatch := context.WithCancel(ctx)
	defer stopWatch()
	ended := make(chan struct{})
	var watched error
	go func() {
		defer close(ended)
		rec, watched = s.engine.Watch(watch, s.id, s.progress.Job)
	}()
	attended := make(chan struct{})
	go func() {
		defer close(attended)
		if suspends(s.file.Workflow) {
			s.attend(watch)
		}
	}()
	stopped, err := s.wait(ctx, ended, &watched, served, stopWork)
	stopWatch()
	<-ended // from here on nobody else writes rec
	<-attended
	if err != nil {
		return rec, nil, err
	}
	if stopped {
		if rec, err = s.engine.Workflow(ctx, s.id); err != nil {
			return rec, nil, err
		}
	}
	if jobs, err = s.engine.Jobs(ctx, s.id); err == nil {
		s.within, err = nested(ctx, s.look, wire.FromRecords(rec, jobs).Jobs)
	}
	return rec, jobs, err
}

// show starts the progress.
func (s *session) show(ctx context.Context, resumed bool) error {
	run := progress.Run{Name: s.file.Name, Total: len(s.file.Jobs)}
	if resumed {
		jobs, err := s.engine.Jobs(ctx, s.id)
		if err != nil {
			return err
		}
		ended := 0
		for _, j := range jobs {
			if j.Status.Terminal() {
				ended++
				run.Before = append(run.Before, bus.JobEvent{Job: j.ID, Name: j.Name, Status: j.Status, Error: j.Error})
			}
		}
		s.app.say("note:", fmt.Sprintf("going on with the unfinished run in %s: %s of %s have ended", s.kept, term.Number(ended), term.Count(len(jobs), "job")))
	}
	if s.app.quiet {
		s.progress = progress.NewSilent(s.app.err)
	} else {
		s.progress = progress.New(s.app.err, run)
	}
	s.logs.set(s.progress)
	return nil
}

// wait returns when the workflow has ended, which closes ended with the error
// of the watch in watched, or when the run was stopped so that it can go on
// later. The first stop of the user lets what runs end: the run stops then
// when its data stays, else the workflow is cancelled. The second one ends the
// wait with errStopped.
func (s *session) wait(ctx context.Context, ended <-chan struct{}, watched *error, served chan error, stopWork func()) (stopped bool, err error) {
	politely := s.stops.politely
	draining := false
	for {
		select {
		case <-ended:
			if *watched == nil || !draining {
				return false, *watched
			}
			ended = nil // nothing to watch any more while the engine drains
		case err := <-served:
			served <- err // for close
			if err == nil && !draining {
				err = errors.New("the engine stopped before the workflow had ended")
			}
			return draining, err
		case gate := <-s.unanswered:
			s.open = &gate
			s.progress.Notice(fmt.Sprintf("nobody answers %s (%s): stopping", gate.path(), gate.Gate.Type))
			if s.kept != "" {
				draining = true
				stopWork()
				continue
			}
			if err := s.engine.Cancel(ctx, s.id); err != nil && !errors.Is(err, job.ErrWrongState) {
				return false, err
			}
		case <-politely:
			politely = nil
			if s.kept != "" {
				draining = true
				s.progress.Notice("stopping: what runs may end; Ctrl-C again stops at once")
				stopWork()
				continue
			}
			s.progress.Notice("cancelling: what runs may end; Ctrl-C again stops at once")
			if err := s.engine.Cancel(ctx, s.id); err != nil && !errors.Is(err, job.ErrWrongState) {
				return false, err
			}
		case <-s.stops.now:
			return false, s.stoppedAtOnce()
		}
	}
}

// stoppedAtOnce says what became of a run that was not stopped politely.
func (s *session) stoppedAtOnce() error {
	if s.kept == "" {
		return errStopped
	}
	return &hintError{errStopped, "the same command with --data-dir " + s.kept + " goes on with it; what ran starts again"}
}

// print writes the result to stdout.
func (s *session) print(w wire.Workflow) error {
	if s.app.format != output.FormatTable {
		return output.Write(s.app.out, s.app.format, w)
	}
	if s := workflow.Status(w.Status); !s.Terminal() && s != workflow.Paused {
		w.Status = string(stopped)
	}
	r := newResultPrinter(s.app, w)
	r.within = s.within
	return r.print()
}

// verdict makes the run's error of how the workflow ended: nil only when it
// completed.
func (s *session) verdict(w wire.Workflow) error {
	switch status := workflow.Status(w.Status); {
	case s.open != nil && status != workflow.Completed:
		return s.refused(w, *s.open)
	case status == workflow.Paused:
		return s.undecided(w)
	case !status.Terminal():
		err := fmt.Errorf("workflow %s was stopped when %s of %s had ended", w.Name, term.Number(endedJobs(w.Stats)), term.Count(w.Stats.TotalJobs, "job"))
		return &hintError{err, "the same command with --data-dir " + s.kept + " goes on with it"}
	case status == workflow.Cancelled:
		return withHint(outcome(w), "with --data-dir a stopped run can go on later")
	}
	return withHint(outcome(w), "-o json prints every job with its whole error")
}

// undecided says that a run ended although its workflow did not: nobody can
// decide about a failure here.
func (s *session) undecided(w wire.Workflow) error {
	text := fmt.Sprintf("workflow %s is paused", w.Name)
	if why := standingText(w.Standing, w.Status); why != "" {
		text += ": " + why
	}
	if s.kept == "" {
		return &hintError{errors.New(text), "nobody can decide under run: use failure_policy fail_fast or continue_on_failure, or hammerwork dev and hammerwork workflow create"}
	}
	command := "hammerwork workflow resume " + w.ID
	if len(w.UndecidedJobs) > 0 {
		command = decideCommand(w.ID, w.UndecidedJobs[0], workflow.ActionRetry)
	}
	return &hintError{errors.New(text), fmt.Sprintf("nobody can decide under run: start hammerwork dev --data-dir %s --workers 1, and then %s", s.kept, command)}
}
