package resolver

import "github.com/prometheus/client_golang/prometheus"

// Metrics are a resolver's counters.
type Metrics struct {
	Outcomes   *prometheus.CounterVec // by verdict
	Errors     prometheus.Counter
	Overloaded prometheus.Counter
	Refused    prometheus.Counter
}

// NewMetrics registers a resolver's counters; nil registers them nowhere.
func NewMetrics(r prometheus.Registerer) *Metrics {
	opts := func(name, help string) prometheus.CounterOpts {
		return prometheus.CounterOpts{Namespace: "hammerwork", Subsystem: "resolver", Name: name, Help: help}
	}
	m := &Metrics{
		Outcomes:   prometheus.NewCounterVec(opts("outcomes_total", "Outcomes that workers reported, by verdict."), []string{"verdict"}),
		Errors:     prometheus.NewCounter(opts("errors_total", "Transactions that failed and were tried again.")),
		Overloaded: prometheus.NewCounter(opts("overloaded_total", "Reports that were told to come again.")),
		Refused:    prometheus.NewCounter(opts("messages_refused_total", "Messages that are malformed, of an unknown version or not the sender's.")),
	}
	if r != nil {
		r.MustRegister(m.Outcomes, m.Errors, m.Overloaded, m.Refused)
	}
	return m
}
