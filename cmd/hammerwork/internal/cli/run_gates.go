package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/progress"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/pkg/workflow/spelling"
)

// answerFlags say how run answers the gates of its workflow.
type answerFlags struct {
	approve, reject []string
	approveAll      bool
	signal          []string
}

func (f *answerFlags) add(c *cobra.Command) {
	flags := c.Flags()
	flags.StringArrayVar(&f.approve, "approve", nil, "approve the gate of this `name` when it opens, sub/name within another workflow; may be repeated")
	flags.BoolVar(&f.approveAll, "approve-all", false, "approve every gate that opens")
	flags.StringArrayVar(&f.reject, "reject", nil, "reject the gate of this `name` when it opens; may be repeated")
	flags.StringArrayVar(&f.signal, "signal", nil, "send a payload to a gate when it opens: `NAME=JSON`, or NAME=@file; may be repeated")
	onlyHere(c, "approve", "approve-all", "reject", "signal")
}

// answers is what run answers gates, by their paths: sub/name within a workflow.
type answers struct {
	given      map[string]store.Answer
	approveAll bool
}

// read checks the flags against the gates of a workflow and of those within it.
func (f answerFlags) read(a *app, w *workflow.Workflow) (answers, error) {
	gates := make(map[string]job.GateType)
	gatesOf(w, "", gates)
	out := answers{given: make(map[string]store.Answer), approveAll: f.approveAll}
	add := func(flag, name string, answer store.Answer) error {
		kind, there := gates[name]
		_, twice := out.given[name]
		switch {
		case !there:
			return noGate(flag, name, gates)
		case kind != answer.Type:
			return &usageError{fmt.Errorf("--%s %s: the gate is of type %s", flag, term.OneLine(name), kind), answerFlag(name, string(kind)) + " answers it"}
		case twice:
			return &usageError{fmt.Errorf("gate %s is answered twice", term.OneLine(name)), "answer each once"}
		}
		out.given[name] = answer
		return nil
	}
	var errs []error
	for _, name := range f.approve {
		errs = append(errs, add("approve", name, store.Answer{Type: job.GateApproval, Approve: true}))
	}
	for _, name := range f.reject {
		errs = append(errs, add("reject", name, store.Answer{Type: job.GateApproval}))
	}
	for _, text := range f.signal {
		name, value, ok := strings.Cut(text, "=")
		if !ok || value == "" {
			return out, &usageError{fmt.Errorf("--signal %q is not NAME=JSON", term.OneLine(text)), `like this: --signal 'paid={"amount": 12}'`}
		}
		payload, err := a.value("--signal "+name+"=", value)
		if err == nil && len(payload) > job.MaxResult {
			err = &usageError{fmt.Errorf("the payload of --signal %s has over %d bytes", name, job.MaxResult), "keep large data outside and pass its place"}
		}
		errs = append(errs, err, add("signal", name, store.Answer{Type: job.GateSignal, Payload: json.RawMessage(payload)}))
	}
	i := slices.IndexFunc(errs, func(err error) bool { return err != nil })
	if i < 0 {
		return out, nil
	}
	return out, errs[i]
}

func noGate(flag, name string, gates map[string]job.GateType) error {
	var names []string
	for known, kind := range gates {
		if kind != job.GateTimer {
			names = append(names, known)
		}
	}
	slices.Sort(names)
	hint := "the workflow has no gates that are answered"
	meant := spelling.Nearest(name, names)
	if i := slices.IndexFunc(names, func(path string) bool { return strings.HasSuffix(path, "/"+name) }); i >= 0 {
		meant = names[i]
	}
	if meant != "" {
		hint = fmt.Sprintf("did you mean %q?", meant)
	} else if len(names) > 0 {
		hint = "its gates are " + some(names, len(names))
	}
	return &usageError{fmt.Errorf("--%s %s: there is no such gate", flag, term.OneLine(name)), hint}
}

// gatesOf collects the gates of a workflow, which is within a path, and of those
// within it by their paths.
func gatesOf(w *workflow.Workflow, within string, gates map[string]job.GateType) {
	for _, j := range w.Jobs {
		if j.Gate != nil {
			gates[within+j.Name] = j.Gate.Type
		}
		if p := workflow.PartsOf(j); p != nil && p.Workflow != nil {
			gatesOf(p.Workflow, within+j.Name+"/", gates)
		}
	}
}

// suspends reports whether a workflow has jobs that no worker gets.
func suspends(w *workflow.Workflow) bool {
	return slices.ContainsFunc(w.Jobs, func(j *job.Job) bool { return j.Gate != nil || j.Parts != nil })
}

// to returns the answer to the gate at a path, if there is one.
func (a answers) to(path string, kind job.GateType) (store.Answer, bool) {
	answer, given := a.given[path]
	if !given && a.approveAll && kind == job.GateApproval {
		return store.Answer{Type: kind, Approve: true}, true
	}
	return answer, given && answer.Type == kind
}

// answerFlag is the flag that would answer the open gate at a path.
func answerFlag(path, kind string) string {
	name := shellWord(path)
	if kind == string(job.GateSignal) {
		return "--signal " + name + "=JSON"
	}
	return fmt.Sprintf("--approve %s or --reject %s", name, name)
}

// passable finds the gates, by their paths, with which a workflow goes on when
// nobody answers them in time: a default holds, or a failure is handled or borne,
// theirs or that of a workflow that they are within.
func passable(w *workflow.Workflow) map[string]bool {
	gates := make(map[string]bool)
	passableWithin(w, "", false, gates)
	return gates
}

// passableWithin adds those of the workflow at a path. borne: something goes on
// when it fails.
func passableWithin(w *workflow.Workflow, within string, borne bool, gates map[string]bool) {
	handled := handledIn(w)
	tolerated := w.Tolerated()
	for i, j := range w.Jobs {
		borne := borne || handled[j.ID] || tolerated[i]
		if g := j.Gate; g != nil && g.ExpiresAfter > 0 {
			gates[within+j.Name] = g.ApproveOnExpiry || len(g.DefaultPayload) > 0 || borne
		}
		if p := workflow.PartsOf(j); p != nil && p.Kind == workflow.PartsWorkflow {
			passableWithin(p.Workflow, within+j.Name+"/", borne, gates)
		}
	}
}

// handledIn finds the jobs of a workflow after whose failure another one runs: it
// asks for that of the job, or of one that cannot run because of it.
func handledIn(w *workflow.Workflow) map[job.ID]bool {
	handled := make(map[job.ID]bool)
	parents := make(map[job.ID][]job.ID)
	var next []job.ID
	for _, j := range w.Jobs {
		for _, d := range j.DependsOn {
			if d.On == job.OnFailure || d.On == job.OnDone || j.Join.Rule == job.JoinDone {
				next = append(next, d.Parent)
			} else {
				parents[j.ID] = append(parents[j.ID], d.Parent)
			}
		}
	}
	for len(next) > 0 {
		id := next[len(next)-1]
		next = next[:len(next)-1]
		if !handled[id] {
			handled[id] = true
			next = append(next, parents[id]...)
		}
	}
	return handled
}

// attendEvery is how often a run looks at its gates and parts.
const attendEvery = 200 * time.Millisecond

// attend answers gates that open and shows what the run waits for, until ctx is
// done. Where nobody can answer, a run that waits for an answer that no flag gives,
// and for nothing else, is reported to unanswered.
func (s *session) attend(ctx context.Context) {
	tick := time.NewTicker(attendEvery)
	defer tick.Stop()
	asleep, waited := false, false
	told := make(map[string]bool) // gates, when nothing else is told
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		list, err := waits(ctx, s.look, s.id.String())
		if err != nil {
			continue // the watch finds out what is wrong
		}
		list, open := s.answerOpen(ctx, list)
		if waited || len(list) > 0 {
			now := shown(list, time.Now(), func(w suspended) string { return "answer it with " + answerFlag(w.path(), w.Gate.Type) })
			s.progress.Waits(now)
			if s.app.quiet {
				s.sayWaits(now, told)
			}
		}
		waited = len(list) > 0
		was := asleep
		asleep = open != nil && !s.app.attended() && s.asleep(ctx, s.id, "")
		if was && asleep {
			select {
			case s.unanswered <- *open:
			default: // it was reported before
			}
		}
	}
}

// attended reports whether somebody sees what a run waits for, and can answer.
func (a *app) attended() bool { return term.Is(a.in) && term.Is(a.err) && !a.quiet }

// sayWaits says once of each gate that it waits for an answer.
func (s *session) sayWaits(list []progress.Wait, told map[string]bool) {
	for _, w := range list {
		if w.Command != "" && !told[w.ID] {
			told[w.ID] = true
			s.app.say("note:", strings.TrimSpace(w.Name)+" waits: "+w.Text+"; "+w.Command)
		}
	}
}

// answerOpen gives the answers there are to gates that are open. It returns what
// still waits, and the first gate of that for which there is no answer and with
// which the workflow does not go on otherwise.
func (s *session) answerOpen(ctx context.Context, list []suspended) (rest []suspended, open *suspended) {
	for _, w := range list {
		if !isOpenGate(w.Job) {
			rest = append(rest, w)
			continue
		}
		answer, given := s.answers.to(w.path(), job.GateType(w.Gate.Type))
		if !given {
			rest = append(rest, w)
			if !s.passable[w.path()] && open == nil {
				open = &w
			}
			continue
		}
		answer.Job, _ = job.ParseID(w.ID) // the engine's own
		err := s.engine.Answer(ctx, answer, store.Actor{Name: login(), Comment: "told to hammerwork run"})
		if err != nil && !errors.Is(err, job.ErrWrongState) && ctx.Err() == nil {
			s.progress.Notice(fmt.Sprintf("gate %s could not be answered: %v", w.path(), err))
		}
	}
	return rest, open
}

// asleep reports whether the workflow at a path only waits for answers that no
// flag gives. Nothing of it ended or began while this looked.
func (s *session) asleep(ctx context.Context, id job.ID, within string) bool {
	before, err := s.engine.Workflow(ctx, id)
	if err != nil || before.Status.Terminal() || before.Status == workflow.Paused || before.Running+before.Retrying > 0 {
		return false
	}
	for _, ready := range []job.DependencyStatus{job.NoDependencies, job.Satisfied} {
		if list, err := s.engine.Find(ctx, store.JobFilter{Workflow: id, Status: job.Pending, Dependency: ready, Limit: 1}); err != nil || len(list) > 0 {
			return false
		}
	}
	list, err := s.engine.Find(ctx, store.JobFilter{Workflow: id, Status: job.Suspended, Limit: store.MaxPage})
	if err != nil {
		return false
	}
	for _, j := range list {
		switch {
		case j.Parts != nil && (j.Parts.Workflow == (job.ID{}) || !s.asleep(ctx, j.Parts.Workflow, within+j.Name+"/")):
			return false
		case j.Gate == nil:
		case j.Gate.Type == job.GateTimer || s.passable[within+j.Name]:
			return false
		}
		if j.Gate != nil {
			if _, given := s.answers.to(within+j.Name, j.Gate.Type); given {
				return false
			}
		}
	}
	after, err := s.engine.Workflow(ctx, id)
	return err == nil && after.Status == before.Status && after.Tally == before.Tally && after.Running+after.Retrying == 0 && after.Suspended == before.Suspended
}

// look reads jobs of the engine; no status: all.
func (s *session) look(ctx context.Context, workflow string, status job.Status, limit int) ([]wire.Job, error) {
	id, err := job.ParseID(workflow)
	if err != nil {
		return nil, err
	}
	records, err := s.engine.Find(ctx, store.JobFilter{Workflow: id, Status: status, Limit: limit})
	list := make([]wire.Job, len(records))
	for i, j := range records {
		list[i] = wire.JobItemFromRecord(j, nil)
	}
	return list, err
}

// refused says that the run ended because nobody answers a gate.
func (s *session) refused(w wire.Workflow, gate suspended) error {
	text := fmt.Sprintf("workflow %s waits for an answer to %s (%s), and nobody gives one", w.Name, gate.path(), gate.Gate.Type)
	flag := answerFlag(gate.path(), gate.Gate.Type)
	hint := "run it again with " + flag
	if s.kept != "" {
		hint = "the same command with --data-dir " + s.kept + " and " + flag + " goes on with it"
	}
	return &hintError{&rewordedError{job.ErrWrongState, text}, hint}
}
