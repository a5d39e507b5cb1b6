package api

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/pkg/workflow/workflowfile"
)

func (a *API) scheduleRoutes(api huma.API, doc *document) {
	invalid := []wire.Code{wire.CodeInvalidWorkflow, wire.CodeCycle, wire.CodeUnknownParent, wire.CodeDuplicateName}
	file := func(r route) route {
		r.body, r.yaml, r.large = workflowBody, true, true
		r.codes = append(r.codes, invalid...)
		return r
	}
	found := func(r route) route { r.codes = append(r.codes, wire.CodeNotFound); return r }

	create := file(post("/schedules", "create-schedule", "Create a schedule",
		"The body is a workflow file in YAML or JSON with a schedule, or with jobs that have crons. The first instance comes with the first tick after now.", wire.CodeConflict))
	create.DefaultStatus = http.StatusCreated
	register(a, api, doc, create, a.createSchedule)
	register(a, api, doc, get("/schedules", "list-schedules", "Schedules, by name", ""), a.listSchedules)
	register(a, api, doc, found(get("/schedules/{name}", "get-schedule", "A schedule with its definition", "The name is percent-encoded.")), a.getSchedule)
	update := newRoute(http.MethodPut, "/schedules/{name}", "update-schedule", "Replace the definition of a schedule",
		"What has started goes on. With another cron or zone, ticks go on with the first one after now.")
	register(a, api, doc, found(file(update)), a.updateSchedule)
	register(a, api, doc, found(remove("/schedules/{name}", "delete-schedule", "Delete a schedule", "Its instances stay; ticks that wait are dropped.")), a.deleteSchedule)
	register(a, api, doc, found(post("/schedules/{name}/enable", "enable-schedule", "Let a schedule tick", "Ticks of the time in which it was disabled don't count as missed.")), a.enableSchedule)
	register(a, api, doc, found(post("/schedules/{name}/disable", "disable-schedule", "Stop a schedule", "Its instances go on.")), a.disableSchedule)
	register(a, api, doc, found(get("/schedules/{name}/next", "list-schedule-next", "The next ticks of a schedule", "Also of a disabled one.")), a.nextTicks)
	register(a, api, doc, found(get("/schedules/{name}/ticks", "list-schedule-ticks", "What became of the ticks of a schedule, newest first", "")), a.listTicks)
	trigger := found(post("/schedules/{name}/trigger", "trigger-schedule", "Make an instance now", "Also of a disabled schedule. Its overlap counts: the instance may wait, or be skipped. With an id that came before it makes no other, and answers how that tick stands: while that waits, as long as its instance is stored, and for an hour."))
	trigger.DefaultStatus = http.StatusAccepted
	trigger.body = triggerBody
	trigger.codes = append(trigger.codes, wire.CodeConflict)
	register(a, api, doc, trigger, a.triggerSchedule)
	backfill := found(post("/schedules/{name}/backfill", "backfill-schedule", "Make the instances of ticks that have passed",
		"Of the ticks from from to to, both included, those of which there is no instance: none is made twice. With dry_run it only says which.", wire.CodeTooLarge))
	backfill.body = backfillBody
	register(a, api, doc, backfill, a.backfillSchedule)
}

type (
	// Named is what everything about one schedule takes.
	Named struct {
		Name string `path:"name"`
	}
	scheduleAnswer  struct{ Body wire.Schedule }
	schedulesAnswer struct{ Body wire.List[wire.Schedule] }
	tickAnswer      struct{ Body wire.Tick }
	ticksAnswer     struct{ Body wire.List[wire.Tick] }
	timesAnswer     struct{ Body wire.Times }
)

type createScheduleInput struct {
	Name     string `query:"name" doc:"Of the schedule. Empty: the workflow's name."`
	Disabled bool   `query:"disabled" doc:"It ticks once it is enabled."`
}

type createdSchedule struct {
	Location string `header:"Location" doc:"Where it can be looked at."`
	Body     wire.Schedule
}

// definition reads a workflow file that is a schedule.
func (a *API) definition(ctx context.Context) (*workflow.Workflow, workflow.Schedule, json.RawMessage, error) {
	c := callOf(ctx)
	limits := a.cfg.Limits
	if limits.Jobs == 0 || limits.Jobs > store.MaxScheduleJobs {
		limits.Jobs = store.MaxScheduleJobs
	}
	w, err := workflowfile.Parse(fileName(c.r), c.body, workflowfile.Options{Limits: limits})
	if err != nil {
		return nil, workflow.Schedule{}, nil, err
	}
	t, err := w.Timetable()
	if err != nil {
		p := newProblem(wire.CodeInvalidWorkflow, `add schedule: {cron: "0 2 * * *"}, or create it as a workflow`, "%s", err)
		return nil, workflow.Schedule{}, nil, p
	}
	data := c.body
	if isYAML(c.r) {
		if data, err = workflowfile.ToJSON(fileName(c.r), c.body); err != nil {
			return nil, workflow.Schedule{}, nil, err
		}
	}
	if len(data) > store.MaxDefinition {
		return nil, workflow.Schedule{}, nil, tooLarge(store.MaxDefinition)
	}
	return w, t.Schedule, data, nil
}

func (a *API) createSchedule(ctx context.Context, in *createScheduleInput) (*createdSchedule, error) {
	w, s, data, err := a.definition(ctx)
	if err != nil {
		return nil, err
	}
	name := in.Name
	if name == "" {
		name = w.Name
	}
	if n := utf8.RuneCountInString(name); n > job.MaxName {
		return nil, badParameter("name", "give it a shorter one", "has %d characters; at most %d are allowed", n, job.MaxName)
	}
	if !isLine(name) {
		return nil, badParameter("name", "remove the character", "has a control character, or is not UTF-8")
	}
	r, err := a.store.CreateSchedule(ctx, store.NewSchedule{ID: job.NewID(), Name: name, Definition: data, Schedule: s, Disabled: in.Disabled})
	if err != nil {
		return nil, err
	}
	return &createdSchedule{Location: prefix + "/schedules/" + url.PathEscape(name), Body: wire.ScheduleFromRecord(r)}, nil
}

func (a *API) updateSchedule(ctx context.Context, in *Named) (*scheduleAnswer, error) {
	_, s, data, err := a.definition(ctx)
	if err != nil {
		return nil, err
	}
	return a.changed(ctx, in.Name, store.ScheduleChange{Definition: data, Schedule: &s})
}

func (a *API) enableSchedule(ctx context.Context, in *Named) (*scheduleAnswer, error) {
	on := true
	return a.changed(ctx, in.Name, store.ScheduleChange{Enabled: &on})
}

func (a *API) disableSchedule(ctx context.Context, in *Named) (*scheduleAnswer, error) {
	off := false
	return a.changed(ctx, in.Name, store.ScheduleChange{Enabled: &off})
}

func (a *API) changed(ctx context.Context, name string, c store.ScheduleChange) (*scheduleAnswer, error) {
	r, err := a.store.UpdateSchedule(ctx, name, c)
	if err != nil {
		return nil, noSchedule(err)
	}
	return &scheduleAnswer{wire.ScheduleFromRecord(r)}, nil
}

func (a *API) getSchedule(ctx context.Context, in *Named) (*scheduleAnswer, error) {
	r, err := a.store.Schedule(ctx, in.Name)
	if err != nil {
		return nil, noSchedule(err)
	}
	return &scheduleAnswer{wire.ScheduleFromRecord(r)}, nil
}

func (a *API) deleteSchedule(ctx context.Context, in *Named) (*struct{}, error) {
	return nil, noSchedule(a.store.DeleteSchedule(ctx, in.Name))
}

type listSchedulesInput struct{ Paged }

func (a *API) listSchedules(ctx context.Context, in *listSchedulesInput) (*schedulesAnswer, error) {
	after, err := nameOfCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	list, next, err := a.store.Schedules(ctx, after, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &schedulesAnswer{wire.List[wire.Schedule]{Items: make([]wire.Schedule, len(list))}}
	if next != "" {
		out.Body.NextCursor = base64.RawURLEncoding.EncodeToString([]byte("s" + next))
	}
	for i, r := range list {
		out.Body.Items[i] = wire.ScheduleFromRecord(r)
	}
	return out, nil
}

// nameOfCursor reads the cursor of a list of schedules: the last name.
func nameOfCursor(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	name, ours := strings.CutPrefix(string(raw), "s")
	if err != nil || !ours || !isLine(name) {
		return "", badParameter("cursor", "pass the next_cursor of the page before", "is none that this list gave")
	}
	return name, nil
}

type nextInput struct {
	Named
	N     int    `query:"n" default:"10" minimum:"1" maximum:"100" doc:"How many."`
	After string `query:"after" doc:"After this time: RFC 3339. Empty: now."`
}

func (a *API) nextTicks(ctx context.Context, in *nextInput) (*timesAnswer, error) {
	r, err := a.store.Schedule(ctx, in.Name)
	if err != nil {
		return nil, noSchedule(err)
	}
	after := time.Now()
	if in.After != "" {
		if after, err = time.Parse(time.RFC3339Nano, in.After); err != nil {
			return nil, badParameter("after", "write it like 2030-01-31T08:00:00Z", "is not a time of RFC 3339")
		}
	}
	t, err := r.Schedule.Timetable()
	if err != nil {
		return nil, fmt.Errorf("schedule %s: %w", in.Name, err)
	}
	out := &timesAnswer{wire.Times{Items: []time.Time{}}}
	for at := t.Next(after); !at.IsZero() && len(out.Body.Items) < in.N; at = t.Next(at) {
		out.Body.Items = append(out.Body.Items, at.UTC())
	}
	return out, nil
}

type listTicksInput struct {
	Named
	Limit  int    `query:"limit" default:"50" minimum:"1" maximum:"500" doc:"How many at most."`
	Cursor string `query:"cursor" doc:"The next_cursor of the page before. Empty: the newest."`
}

func (a *API) listTicks(ctx context.Context, in *listTicksInput) (*ticksAnswer, error) {
	var before time.Time
	if in.Cursor != "" {
		var err error
		if before, err = time.Parse(time.RFC3339Nano, in.Cursor); err != nil {
			return nil, badParameter("cursor", "pass the next_cursor of the page before", "is none that this list gave")
		}
	}
	list, err := a.store.Ticks(ctx, in.Name, before, in.Limit)
	if err != nil {
		return nil, noSchedule(err)
	}
	out := &ticksAnswer{wire.List[wire.Tick]{Items: wire.TicksFromRecords(list)}}
	if len(list) == in.Limit {
		out.Body.NextCursor = list[len(list)-1].At.Format(time.RFC3339Nano)
	}
	return out, nil
}

// triggerExample is a body of a trigger.
const triggerExample = `{"id": "0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70"}`

func (a *API) triggerSchedule(ctx context.Context, in *Named) (*tickAnswer, error) {
	id := job.NewID()
	err := options(callOf(ctx).body, triggerExample, fields{
		"id": func(v json.RawMessage) (err error) {
			var text string
			if err = json.Unmarshal(v, &text); err == nil {
				id, err = idOf(text)
			}
			if err != nil || id == (job.ID{}) {
				return badParameter("id", "write it like 0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70", "is no id")
			}
			return nil
		},
	})
	if err != nil {
		return nil, err
	}
	t, known, err := a.triggered(ctx, in.Name, id)
	if err == nil && !known {
		t, err = a.store.TriggerSchedule(ctx, in.Name, id)
	}
	if err != nil {
		return nil, noSchedule(err)
	}
	return &tickAnswer{wire.TickFromRecord(t)}, nil
}

// triggered returns the tick of an instance that is stored already.
func (a *API) triggered(ctx context.Context, name string, id job.ID) (t store.TickRecord, known bool, err error) {
	w, err := a.store.Workflow(ctx, id)
	if errors.Is(err, job.ErrNotFound) {
		return t, false, nil
	}
	if err != nil {
		return t, false, err
	}
	if w.Schedule == name {
		ticks, err := a.store.Ticks(ctx, name, w.ScheduledFor.Add(time.Microsecond), 1)
		if err != nil {
			return t, false, err
		}
		if len(ticks) == 1 && ticks[0].Instance == id {
			return ticks[0], true, nil
		}
	}
	return t, false, newProblem(wire.CodeConflict, "choose a new id for each trigger", "there is a workflow with this id already")
}

// backfillExample is a body of a backfill.
const backfillExample = `{"from": "2030-01-01T00:00:00Z", "to": "2030-01-31T00:00:00Z", "dry_run": true}`

func (a *API) backfillSchedule(ctx context.Context, in *Named) (*ticksAnswer, error) {
	var from, to time.Time
	dry := false
	at := func(name string, into *time.Time) func(json.RawMessage) error {
		return func(v json.RawMessage) error {
			if err := json.Unmarshal(v, into); err != nil {
				return badParameter(name, "write it like 2030-01-31T08:00:00Z", "is not a time of RFC 3339")
			}
			return nil
		}
	}
	err := options(callOf(ctx).body, backfillExample, fields{
		"from": at("from", &from), "to": at("to", &to),
		"dry_run": func(v json.RawMessage) error {
			if err := json.Unmarshal(v, &dry); err != nil {
				return badParameter("dry_run", "write true or false", "is not true or false")
			}
			return nil
		},
	})
	switch {
	case err != nil:
		return nil, err
	case from.IsZero() || to.IsZero():
		return nil, badParameter("from", "send a body like "+backfillExample, "and to say which ticks, and one of them is missing")
	case to.Before(from):
		return nil, badParameter("to", "it is the end", "is before from")
	}
	list, err := a.store.Backfill(ctx, in.Name, from, to, dry)
	if err != nil {
		return nil, noSchedule(err)
	}
	return &ticksAnswer{wire.List[wire.Tick]{Items: wire.TicksFromRecords(list)}}, nil
}

// noSchedule tells why something could not be done with a schedule.
func noSchedule(err error) error {
	switch {
	case errors.Is(err, job.ErrNotFound):
		return newProblem(wire.CodeNotFound, "GET /api/v1/schedules lists them", "there is no schedule of this name")
	case errors.Is(err, store.ErrTooManyTicks):
		return newProblem(wire.CodeTooLarge, "take them in parts, with to closer to from", "these are more than %d ticks", store.MaxBackfill)
	case errors.Is(err, store.ErrFuture):
		return badParameter("to", "leave out what is ahead: it will come by itself", "is ahead")
	}
	return err
}
