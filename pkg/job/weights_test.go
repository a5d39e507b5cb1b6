package job_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/pkg/job"
)

func TestWeightsAreReadAndWrittenAsTextAndJSON(t *testing.T) {
	for text, want := range map[string]job.Weights{
		"": {},
		"critical=16,high=8,normal=4,low=2,background=1": {1, 2, 4, 8, 16},
		"high=3":                 {1, 1, 1, 3, 1},
		" low=2 , critical=1000": {1, 2, 1, 1, 1000},
	} {
		got, err := job.ParseWeights(text)
		if err != nil || got != want {
			t.Errorf("%q is %v, %v; want %v", text, got, err, want)
		}
		again, err := job.ParseWeights(got.String())
		if err != nil || again != want {
			t.Errorf("%q, written as %q, is %v, %v", text, got, again, err)
		}
		data, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		var back job.Weights
		if err := json.Unmarshal(data, &back); err != nil || back != want {
			t.Errorf("%q, written as %s, is %v, %v", text, data, back, err)
		}
	}
}

func TestWeightsThatCannotBeAreRefusedWithTheirPriority(t *testing.T) {
	for text, want := range map[string]string{
		"high":            "not PRIORITY=WEIGHT",
		"urgent=3":        "urgent",
		"high=3,high=4":   "high is there twice",
		"high=many":       "the weight of high",
		"high=0":          "the weight of high is 0; it must be from 1 to 1000",
		"high=1001,low=0": "the weight of low is 0",
	} {
		if w, err := job.ParseWeights(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is %v, %v; want an error with %q", text, w, err, want)
		}
	}
	for _, data := range []string{`{"high": 1.5}`, `{"urgent": 1}`, `[1]`, `{"low": -1}`} {
		var w job.Weights
		if err := json.Unmarshal([]byte(data), &w); err == nil {
			t.Errorf("%s is %v", data, w)
		}
	}
}
