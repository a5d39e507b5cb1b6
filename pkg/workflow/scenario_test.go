package workflow

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write what the scenarios of testdata do now into them")

// TestScenarios plays testdata/*.txt. A scenario is told in commands; below
// each that does something stands, after "----", what followed:
//
//	scenario TITLE                begins with nothing
//	workflow NAME POLICY [running cancel] [parallel N] [tolerate N]
//	                              the following jobs belong to it
//	loose                         the following jobs belong to none
//	job NAME CLAUSE…
//	  after PARENT… [on X] [optional]   may be repeated, with another on
//	  join X | quorum N
//	  finally | catch | allow_failure | barrier | attempts N
//	  awaits GATE | batch MODE | over EXPRESSION | subworkflow
//	  with FIELD=EXPRESSION | unmet X | if CONDITION to the end of the line
//	enqueue                       jobs told so far see what has ended before, and what their conditions say
//	hold NAME…                    a worker takes the jobs
//	end NAME STATUS [NAME STATUS…]          one batch of endings
//	complete NAME RESULT          a job completes with a result
//	attempt NAME KIND             an attempt ends: failed, timed_out, lease_lost or given_back
//	answer NAME RESULT, approve NAME, reject NAME, expire NAME   a gate, without a default
//	parts NAME STATUS [overdue]   what a job is made of ends as a workflow
//	alone NAME STATUS             ends a job that nobody holds
//	cancel NAME REASON            cancels a workflow
//	cancel held NAME              its grace is over
//	pause NAME, resume NAME
//	decide NAME ACTION [RESULT]   about a failure
//	plan NAME [from JOB | all]    what a retry would run again
//	retry NAME [from JOB | all]   runs it again
//	show                          every job as it stands
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	scenarios := 0
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got, n := play(t, string(raw))
			scenarios += n
			if *rewrite {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != string(raw) {
				t.Errorf("%s does not tell what happens; run go test with -rewrite and read the difference\n%s", file, firstDifference(string(raw), got))
			}
		})
	}
	if scenarios < 60 {
		t.Errorf("there are %d scenarios, want at least 60", scenarios)
	}
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			return fmt.Sprintf("line %d\n  file: %s\n  now:  %s", i+1, w[i], g[i])
		}
	}
	return "one of them is longer"
}

// play returns the text with the outputs as they are now.
func play(t *testing.T, text string) (played string, scenarios int) {
	var out strings.Builder
	var s *stage
	skipping := false // the output that the file has
	told := false     // the line before is output
	for _, line := range strings.SplitAfter(text, "\n") {
		command := strings.TrimSpace(line)
		if command == "----" {
			skipping = true
			continue
		}
		if skipping && command != "" {
			continue
		}
		skipping = false
		if told && command != "" {
			out.WriteString("\n") // ends what followed
		}
		told = false
		out.WriteString(line)
		if command == "" || strings.HasPrefix(command, "#") {
			continue
		}
		if title, ok := strings.CutPrefix(command, "scenario "); ok {
			s, scenarios = newStage(t, title), scenarios+1
			continue
		}
		if result := s.do(command); result != "" {
			out.WriteString("----\n" + result)
			told = true
		}
	}
	return out.String(), scenarios
}
