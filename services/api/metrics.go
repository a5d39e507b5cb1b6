package api

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics are an API's counters.
type Metrics struct {
	Requests *prometheus.CounterVec   // by route and status
	Duration *prometheus.HistogramVec // by route
	Active   prometheus.Gauge
	Uploads  prometheus.Gauge // bytes of bodies that are held
	Hints    prometheus.Counter
}

// NewMetrics registers an API's counters; nil registers them nowhere.
func NewMetrics(r prometheus.Registerer) *Metrics {
	opts := func(name, help string) prometheus.Opts {
		return prometheus.Opts{Namespace: "hammerwork", Subsystem: "api", Name: name, Help: help}
	}
	m := &Metrics{
		Requests: prometheus.NewCounterVec(prometheus.CounterOpts(opts("requests_total", "Requests answered, by route and status.")), []string{"route", "status"}),
		Duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "hammerwork", Subsystem: "api", Name: "request_seconds", Help: "How long requests took, by route.",
			Buckets: []float64{.001, .005, .01, .05, .1, .5, 1, 5, 10, 30},
		}, []string{"route"}),
		Active:  prometheus.NewGauge(prometheus.GaugeOpts(opts("requests_active", "Requests that are being served."))),
		Uploads: prometheus.NewGauge(prometheus.GaugeOpts(opts("upload_bytes", "Bytes of request bodies that are held."))),
		Hints:   prometheus.NewCounter(prometheus.CounterOpts(opts("hints_lost_total", "Hints that could not be sent; what they tell is found by polling."))),
	}
	if r != nil {
		r.MustRegister(m.Requests, m.Duration, m.Active, m.Uploads, m.Hints)
	}
	return m
}

// observe counts a request. An empty route is one that nothing serves.
func (m *Metrics) observe(route string, status int, took time.Duration) {
	if route == "" {
		route = "none"
	}
	m.Requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
	m.Duration.WithLabelValues(route).Observe(took.Seconds())
}
