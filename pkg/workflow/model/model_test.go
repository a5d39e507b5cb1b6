package model_test

import (
	"flag"
	"testing"

	"github.com/hammerwork/hammerwork/pkg/workflow/model/modeltest"
)

var (
	cases      = flag.Int("cases", 500, "how many random cases each engine plays against the model")
	exhaustive = flag.Bool("exhaustive", false, "five parents instead of four, and workflows of four jobs instead of three")
)

func TestTheDeciderDoesWhatTheModelSaysWhenItKnowsEverything(t *testing.T) {
	modeltest.Run(t, func() modeltest.Engine { return &decider{} }, *cases)
}

func TestTheDeciderDoesWhatTheModelSaysWithNoMoreThanItAsksFor(t *testing.T) {
	modeltest.Run(t, func() modeltest.Engine { return &decider{lazy: true} }, *cases)
}
