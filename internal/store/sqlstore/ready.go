package sqlstore

import "github.com/hammerwork/hammerwork/pkg/job"

// claimable are jobs whose dependencies are fulfilled.
type claimable struct {
	due   []job.ID // their time has come: to ready
	later []job.ID // to timers
}

func (c *claimable) add(id job.ID, scheduled, now int64) {
	if scheduled <= now {
		c.due = append(c.due, id)
	} else {
		c.later = append(c.later, id)
	}
}

// queue puts them there, as far as their states agree.
func (c *claimable) queue(tx Tx, now int64) {
	queueRows(tx, "make_ready", c.due, now)
	queueRows(tx, "make_waiting", c.later, now)
}
