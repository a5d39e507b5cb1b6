package wire

import (
	"encoding/json"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
)

// Schedule is a schedule: what makes an instance of a workflow at each tick.
type Schedule struct {
	ID             string          `json:"id"`
	Name           string          `json:"name"`
	Cron           string          `json:"cron"`
	Timezone       string          `json:"timezone"`
	CatchUp        string          `json:"catch_up" enum:"none,latest,all"`
	CatchUpMax     int             `json:"catch_up_max" doc:"With catch_up all: the newest so many."`
	Overlap        string          `json:"overlap" enum:"allow,skip,queue,cancel_previous"`
	Enabled        bool            `json:"enabled"`
	NextAt         *time.Time      `json:"next_at" doc:"The next tick; null: none will come."`
	LastAt         *time.Time      `json:"last_at" doc:"The tick of the instance that was made last, by no backfill; null: none was."`
	LastWorkflowID string          `json:"last_workflow_id"`
	CreatedAt      *time.Time      `json:"created_at"`
	UpdatedAt      *time.Time      `json:"updated_at"`
	Definition     json.RawMessage `json:"definition" doc:"The workflow file; null in lists."`
}

// ScheduleFromRecord makes the JSON of a schedule.
func ScheduleFromRecord(r store.ScheduleRecord) Schedule {
	return Schedule{
		ID: text(r.ID), Name: r.Name, Cron: r.Schedule.Cron, Timezone: r.Schedule.Timezone, CatchUp: string(r.Schedule.CatchUp),
		CatchUpMax: r.Schedule.CatchUpMax, Overlap: string(r.Schedule.Overlap), Enabled: r.Enabled, NextAt: moment(r.NextAt),
		LastAt: moment(r.LastAt), LastWorkflowID: text(r.LastID), CreatedAt: moment(r.CreatedAt), UpdatedAt: moment(r.UpdatedAt),
		Definition: value(r.Definition),
	}
}

// Tick is a tick that was decided about.
type Tick struct {
	At         time.Time  `json:"at"`
	Cause      string     `json:"cause" enum:"time,trigger,backfill"`
	State      string     `json:"state" enum:"due,waiting,started,skipped,missed,failed"`
	WorkflowID string     `json:"workflow_id" doc:"The instance: once it started, or will."`
	DecidedAt  *time.Time `json:"decided_at"`
	Error      string     `json:"error" doc:"Why there is no instance."`
}

// TickFromRecord makes the JSON of a tick.
func TickFromRecord(t store.TickRecord) Tick {
	out := Tick{At: t.At.UTC(), Cause: string(t.Cause), State: string(t.State), DecidedAt: moment(t.DecidedAt), Error: t.Error}
	switch t.State {
	case store.TickDue, store.TickWaiting, store.TickStarted:
		out.WorkflowID = text(t.Instance)
	}
	return out
}

// TicksFromRecords makes the JSON of ticks.
func TicksFromRecords(list []store.TickRecord) []Tick {
	out := make([]Tick, len(list))
	for i, t := range list {
		out[i] = TickFromRecord(t)
	}
	return out
}

// Times are ticks to come.
type Times struct {
	Items []time.Time `json:"items"`
}

// TriggerRequest names the instance that a trigger makes.
type TriggerRequest struct {
	ID string `json:"id,omitempty"`
}

// BackfillRequest says which ticks are to be made up for.
type BackfillRequest struct {
	From   string `json:"from"`
	To     string `json:"to"`
	DryRun bool   `json:"dry_run,omitempty"`
}
