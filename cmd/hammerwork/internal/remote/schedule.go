package remote

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// ScheduleFile is the definition of a schedule: a workflow file.
type ScheduleFile struct {
	Data []byte
	JSON bool // not YAML
}

func (f ScheduleFile) request(method, path string, query url.Values) request {
	kind := "application/yaml"
	if f.JSON {
		kind = "application/json"
	}
	return request{method: method, path: path, query: query, header: http.Header{"Content-Type": {kind}}, body: f.Data, limit: maxAnswer}
}

// CreateSchedule creates a schedule; an empty name is the workflow's.
func (c *Client) CreateSchedule(ctx context.Context, name string, f ScheduleFile, disabled bool) (s wire.Schedule, err error) {
	q := url.Values{}
	set(q, "name", name)
	if disabled {
		q.Set("disabled", "true")
	}
	return s, c.call(ctx, f.request(http.MethodPost, "/schedules", q), &s)
}

// UpdateSchedule replaces the definition of a schedule.
func (c *Client) UpdateSchedule(ctx context.Context, name string, f ScheduleFile) (s wire.Schedule, err error) {
	return s, c.call(ctx, f.request(http.MethodPut, pathOf("/schedules/%s", []any{name}), nil), &s)
}

// Schedules returns a page of schedules, by name.
func (c *Client) Schedules(ctx context.Context, p Page) (list wire.List[wire.Schedule], err error) {
	q := url.Values{}
	p.add(q)
	return list, c.call(ctx, get(q, "/schedules"), &list)
}

// Schedule returns a schedule with its definition.
func (c *Client) Schedule(ctx context.Context, name string) (s wire.Schedule, err error) {
	return s, c.call(ctx, get(nil, "/schedules/%s", name), &s)
}

// Ticks returns a page of the ticks of a schedule, newest first.
func (c *Client) Ticks(ctx context.Context, name string, p Page) (list wire.List[wire.Tick], err error) {
	q := url.Values{}
	p.add(q)
	return list, c.call(ctx, get(q, "/schedules/%s/ticks", name), &list)
}

// NextTicks returns the next n ticks of a schedule.
func (c *Client) NextTicks(ctx context.Context, name string, n int) (t wire.Times, err error) {
	return t, c.call(ctx, get(url.Values{"n": {strconv.Itoa(n)}}, "/schedules/%s/next", name), &t)
}

// EnableSchedule lets a schedule tick.
func (c *Client) EnableSchedule(ctx context.Context, name string) (s wire.Schedule, err error) {
	return s, c.ask(ctx, nil, "/schedules/%s/enable", name, &s)
}

// DisableSchedule stops a schedule.
func (c *Client) DisableSchedule(ctx context.Context, name string) (s wire.Schedule, err error) {
	return s, c.ask(ctx, nil, "/schedules/%s/disable", name, &s)
}

// TriggerSchedule makes an instance now, whose id is chosen here: a request that
// is sent again makes no other.
func (c *Client) TriggerSchedule(ctx context.Context, name string) (t wire.Tick, err error) {
	r, err := post(wire.TriggerRequest{ID: job.NewID().String()}, "/schedules/%s/trigger", name)
	if err != nil {
		return t, err
	}
	r.keyed = true
	return t, c.call(ctx, r, &t)
}

// Backfill makes the instances of ticks that have passed, or says which.
func (c *Client) Backfill(ctx context.Context, name string, b wire.BackfillRequest) (list wire.List[wire.Tick], err error) {
	return list, c.ask(ctx, b, "/schedules/%s/backfill", name, &list)
}

func (c *Client) ask(ctx context.Context, body any, path, name string, out any) error {
	r, err := post(body, path, name)
	if err != nil {
		return err
	}
	return c.call(ctx, r, out)
}

// DeleteSchedule deletes a schedule.
func (c *Client) DeleteSchedule(ctx context.Context, name string) error {
	answer, err := c.send(ctx, request{method: http.MethodDelete, path: pathOf("/schedules/%s", []any{name})})
	if err != nil {
		return err
	}
	return answer.Body.Close()
}
