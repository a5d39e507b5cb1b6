package telemetry_test

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/hammerwork/hammerwork/internal/telemetry"
)

func TestARegistryTellsOfRuntimeProcessAndBuild(t *testing.T) {
	r := telemetry.NewRegistry()
	n, err := testutil.GatherAndCount(r, "go_goroutines", "process_start_time_seconds", "hammerwork_build_info")
	if err != nil || n != 3 {
		t.Errorf("%d of 3 metrics, %v", n, err)
	}
}

func TestRegistriesAreApart(t *testing.T) {
	for range 2 {
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: "hammerwork_test_total", Help: "A test."})
		if err := telemetry.NewRegistry().Register(c); err != nil {
			t.Error(err)
		}
	}
}

func TestTheMetricsPassTheLinter(t *testing.T) {
	problems, err := testutil.GatherAndLint(telemetry.NewRegistry(), "hammerwork_build_info")
	if err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
}
