package workflow

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/pkg/job"
)

func TestExpressionsSpeakOfParentsByNameAndOfOthersByTheirID(t *testing.T) {
	outside := job.NewID()
	two := func(cel string) *Workflow {
		return NewWorkflow("w").Add(named("a")).AddHandlers(named("b").DependsOnNames("a").DependsOnIDs(outside).WithCondition(cel))
	}
	for _, cel := range []string{
		"deps.a.result.rows > 0", `deps["` + outside.String() + `"].status == "completed"`, "counts.failed == 0", "has(payload.x)", "metadata.day == '1'",
	} {
		if faults := faultsOf(t, two(cel)); faults != nil {
			t.Errorf("%s: %+v", cel, faults)
		}
	}
	for cel, want := range map[string]Fault{
		"deps.c.status == 'dead'": {Path: "jobs[1].condition", Message: `condition: the job does not depend on "c"`},
		"rows > 0":                {Path: "jobs[1].condition", Message: "condition: rows could be a field of any parent's result, and the job has 2 parents"},
		"true && rows":            {Path: "jobs[1].condition", Message: "condition, character 9: rows could be a field of any parent's result, and the job has 2 parents"},
		"true &&\n rows":          {Path: "jobs[1].condition", Message: "condition, line 2, character 2: rows could be a field of any parent's result, and the job has 2 parents"},
	} {
		faults := faultsOf(t, two(cel))
		if len(faults) != 1 || faults[0].Path != want.Path || faults[0].Message != want.Message || faults[0].Hint == "" || faults[0].Code != CodeInvalid {
			t.Errorf("%s: %+v", cel, faults)
		}
	}
}

func TestABareNameIsAFieldOfTheOnlyParent(t *testing.T) {
	w := NewWorkflow("w").Add(named("validate")).Then(
		named("process").WithCondition("validation_status == 'valid'"),
		named("quarantine").WithCondition("validation_status == 'invalid'").WithInput("why", "has(reason) ? reason : 'unknown'"))
	if faults := faultsOf(t, w); faults != nil {
		t.Errorf("%+v", faults)
	}
}

func TestEveryFaultOfAnExpressionIsReported(t *testing.T) {
	w := NewWorkflow("w").Add(named("a").WithCondition("deps.x.status == 'lost' && deps.y.attempts > 1").WithInput("n", "payload.").WithInput("m", "deps.z.result"))
	var places []string
	for _, f := range faultsOf(t, w) {
		places = append(places, f.Path)
	}
	want := []string{"jobs[0].condition", "jobs[0].condition", "jobs[0].condition", "jobs[0].with.m", "jobs[0].with.n"}
	if !slices.Equal(places, want) {
		t.Errorf("got %v, want %v", places, want)
	}
}

func TestAParentThatIsNotThereIsNotReportedByTheConditionToo(t *testing.T) {
	w := NewWorkflow("w").Add(named("a").DependsOnNames("extrct").WithCondition("deps.extrct.result > 0"))
	if faults := faultsOf(t, w); len(faults) != 1 || faults[0].Code != CodeUnknownParent {
		t.Errorf("%+v", faults)
	}
	w = NewWorkflow("w").Add(named("a").DependsOnEdges(job.Dependency{Name: "extrct", On: job.OnFailure}).AsCatch())
	if faults := faultsOf(t, w); len(faults) != 1 || faults[0].Code != CodeUnknownParent {
		t.Errorf("%+v", faults)
	}
}

// Names of loose jobs are not unique, so their ids are what expressions say.
func TestExpressionsOfLooseJobsSpeakOfParentsByID(t *testing.T) {
	a := job.New("q", nil).WithName("a")
	b := job.New("q", nil).DependsOnJobs(a).WithCondition(`deps["` + a.ID.String() + `"].result.ok`)
	if err := ValidateJobs([]*job.Job{a, b}); err != nil {
		t.Errorf("got %v", err)
	}
	b.WithCondition("deps.a.result.ok")
	var report *Error
	if err := ValidateJobs([]*job.Job{a, b}); !errors.As(err, &report) || len(report.Faults) != 1 || !strings.Contains(report.Faults[0].Hint, a.ID.String()) {
		t.Errorf("got %+v", report)
	}
}
