package resolver

import "github.com/prometheus/client_golang/prometheus"

// Metrics are a resolver's counters.
type Metrics struct {
	Outcomes   *prometheus.CounterVec // by verdict
	Errors     prometheus.Counter
	Overloaded prometheus.Counter
	Refused    prometheus.Counter
	Partitions prometheus.Gauge
	Takeovers  prometheus.Counter
}

// NewMetrics registers a resolver's counters; nil registers them nowhere.
func NewMetrics(r prometheus.Registerer) *Metrics {
	opts := func(name, help string) prometheus.CounterOpts {
		return prometheus.CounterOpts{Namespace: "hammerwork", Subsystem: "resolver", Name: name, Help: help}
	}
	m := &Metrics{
		Partitions: prometheus.NewGauge(prometheus.GaugeOpts(opts("partitions", "Partitions of outcomes that this resolver owns; 64 are shared out."))),
		Takeovers:  prometheus.NewCounter(opts("takeovers_total", "Partitions that came to this resolver, from others or from nobody.")),
		Outcomes:   prometheus.NewCounterVec(opts("outcomes_total", "Outcomes that workers reported, by verdict."), []string{"verdict"}),
		Errors:     prometheus.NewCounter(opts("errors_total", "Transactions that failed and were tried again.")),
		Overloaded: prometheus.NewCounter(opts("overloaded_total", "Reports that were told to come again.")),
		Refused:    prometheus.NewCounter(opts("messages_refused_total", "Messages that are malformed, of an unknown version or not the sender's.")),
	}
	if r != nil {
		r.MustRegister(m.Outcomes, m.Errors, m.Overloaded, m.Refused, m.Partitions, m.Takeovers)
	}
	return m
}
