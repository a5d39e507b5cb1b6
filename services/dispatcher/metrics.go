package dispatcher

import "github.com/prometheus/client_golang/prometheus"

// Metrics are a dispatcher's counters.
type Metrics struct {
	Delivered    prometheus.Counter
	ClaimErrors  prometheus.Counter
	ExtendErrors prometheus.Counter
	TooLarge     prometheus.Counter
	Refused      prometheus.Counter
}

// NewMetrics registers a dispatcher's counters; nil registers them nowhere.
func NewMetrics(r prometheus.Registerer) *Metrics {
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Namespace: "hammerwork", Subsystem: "dispatcher", Name: name, Help: help})
		if r != nil {
			r.MustRegister(c)
		}
		return c
	}
	return &Metrics{
		Delivered:    counter("jobs_delivered_total", "Jobs sent to workers."),
		ClaimErrors:  counter("claim_errors_total", "Claims that failed and were tried again."),
		ExtendErrors: counter("extend_errors_total", "Bulks of heartbeats that could not be stored."),
		TooLarge:     counter("leases_too_large_total", "Leases that no message can carry."),
		Refused:      counter("messages_refused_total", "Messages that are malformed, of an unknown version or not the sender's."),
	}
}
