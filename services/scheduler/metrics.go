package scheduler

import "github.com/prometheus/client_golang/prometheus"

// Metrics are a scheduler's counters.
type Metrics struct {
	Fired   prometheus.Counter
	Expired prometheus.Counter
	Spared  prometheus.Counter
	Stalled prometheus.Counter
	Errors  prometheus.Counter
	Deleted *prometheus.CounterVec // by kind
	Ticks   *prometheus.CounterVec // by state
	Late    prometheus.Histogram
}

// NewMetrics registers a scheduler's counters; nil registers them nowhere.
func NewMetrics(r prometheus.Registerer) *Metrics {
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Namespace: "hammerwork", Subsystem: "scheduler", Name: name, Help: help})
		if r != nil {
			r.MustRegister(c)
		}
		return c
	}
	deleted := prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "hammerwork", Subsystem: "scheduler", Name: "deleted_total",
		Help: "What was kept for long enough and deleted, by kind: workflow, job, key or tick.",
	}, []string{"kind"})
	ticks := prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "hammerwork", Subsystem: "scheduler", Name: "ticks_total",
		Help: "Ticks of schedules by what became of them: started, skipped, missed or failed.",
	}, []string{"state"})
	late := prometheus.NewHistogram(prometheus.HistogramOpts{
		Namespace: "hammerwork", Subsystem: "scheduler", Name: "tick_late_seconds",
		Help:    "How long after its tick the instance of a schedule was made.",
		Buckets: []float64{0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 3600},
	})
	if r != nil {
		r.MustRegister(deleted, ticks, late)
	}
	return &Metrics{
		Deleted: deleted, Ticks: ticks, Late: late,
		Fired:   counter("timers_fired_total", "Timers that were due and handled."),
		Expired: counter("leases_expired_total", "Leases that ended because their worker went silent."),
		Spared:  counter("mass_expiries_held_total", "Times that most leases had expired at once and were left alone for a while."),
		Stalled: counter("workflow_stalls_total", "Times that nothing had moved in a workflow for its health check interval."),
		Errors:  counter("errors_total", "Transactions that failed and were tried again."),
	}
}
