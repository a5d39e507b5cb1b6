package model_test

import (
	"flag"
	"testing"

	"github.com/hammerwork/hammerwork/pkg/workflow/model/modeltest"
)

var cases = flag.Int("cases", 3000, "how many random cases each engine plays against the model")

func TestTheDeciderDoesWhatTheModelSaysWhenItKnowsEverything(t *testing.T) {
	modeltest.Run(t, func() modeltest.Engine { return &decider{} }, *cases)
}

func TestTheDeciderDoesWhatTheModelSaysWithNoMoreThanItAsksFor(t *testing.T) {
	modeltest.Run(t, func() modeltest.Engine { return &decider{lazy: true} }, *cases)
}
