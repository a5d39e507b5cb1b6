package model_test

import (
	"flag"
	"testing"

	"github.com/hammerwork/hammerwork/pkg/workflow/model/modeltest"
)

var (
	cases      = flag.Int("cases", 300, "how many random cases each engine plays against the model")
	exhaustive = flag.Bool("exhaustive", false, "five parents instead of three, and workflows of four jobs")
)

func TestTheDeciderDoesWhatTheModelSaysWhenItKnowsEverything(t *testing.T) {
	modeltest.Run(t, func() modeltest.Engine { return &decider{} }, *cases)
}

func TestTheDeciderDoesWhatTheModelSaysWithNoMoreThanItAsksFor(t *testing.T) {
	modeltest.Run(t, func() modeltest.Engine { return &decider{lazy: true} }, *cases)
}
