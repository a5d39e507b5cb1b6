package workflow

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// meaning is what workflows promise, sentence by sentence, each with the
// scenario, or the test of this package or of its model, that shows it. Titles
// of scenarios begin with a small letter, tests with Test.
var meaning = []struct{ section, sentence, shown string }{
	{"job", "pending waits for parents, or for a worker", "a job without parents waits for nothing, one with parents for them"},
	{"job", "running is derived from who holds it", "a handler of what still runs stays until that has ended"},
	{"job", "retrying: an attempt failed and another is left", "an attempt that failed is made again until none is left"},
	{"job", "completed", "everything completed is a completed workflow"},
	{"job", "failed: a permanent error", "an error in a condition fails the job and never reads as no"},
	{"job", "dead: no attempt is left", "an attempt that failed is made again until none is left"},
	{"job", "timed_out: the last attempt took too long", "the last attempt that runs out of time makes the job timed out"},
	{"job", "timed_out: the deadline of the job passed", "the deadline of a job passes while it waits"},
	{"job", "cancelled by a user", "a job cancelled while it waits can never run"},
	{"job", "cancelled by policy", "descendants are upstream_failed, all others cancelled"},
	{"job", "cancelled by its workflow", "a workflow that nobody works on is cancelled at once"},
	{"job", "skipped by a condition", "a condition that says no skips its job"},
	{"job", "skipped by a branch", "all is skipped when nothing broke and something is inactive"},
	{"job", "upstream_failed names the first failure", "the cause of a cascade is the first failure, however far up"},
	{"job", "upstream_failed is a failure, too", "a job that could not run is a failure, too"},
	{"job", "a terminal status does not change within a run", "a second outcome of a job that has ended changes nothing"},
	{"job", "dependencies: none, waiting, satisfied", "a job without parents waits for nothing, one with parents for them"},
	{"job", "dependencies: failed when it was cancelled while it waited", "a job cancelled while it waits can never run"},
	{"job", "a skipped job's dependencies are satisfied", "TestTheDeciderDoesWhatTheModelSaysWhenItKnowsEverything"},
	{"job", "nothing is claimed of a paused workflow", "a pause keeps jobs from being claimed, and what runs goes on"},
	{"job", "a lost worker costs an attempt", "a worker that is lost costs an attempt"},
	{"job", "a job that no worker took costs none", "a job that no worker took costs no attempt"},

	{"edge", "a parent that completed", "what a parent that completed lets run"},
	{"edge", "a parent whose failure is allowed", "what waits for a failure that is allowed sees a completion"},
	{"edge", "a parent that failed", "what a parent that failed lets run"},
	{"edge", "a parent that was cancelled", "what a parent that was cancelled lets run"},
	{"edge", "a parent that was skipped", "what a parent that was skipped lets run"},
	{"edge", "optional edges that are not met do not count", "an optional edge that is not met does not count"},
	{"edge", "no counted edge: all and done run", "a job all of whose edges are optional runs under all and done"},
	{"edge", "no counted edge: merge, any and quorum skip", "a job all of whose edges are optional is skipped under merge, any and quorum"},
	{"edge", "only direct parents count", "a skipped grandparent does not matter"},
	{"edge", "the cause is behind the first broken edge", "the first edge that broke names the cause"},

	{"join", "all runs when every edge is active", "a diamond runs its end once, when both sides are done"},
	{"join", "all fails at the first broken edge", "all gives up at the first broken edge"},
	{"join", "all is skipped when all are resolved and one is inactive", "all is skipped when nothing broke and something is inactive"},
	{"join", "merge runs when one is active and none broken", "merge runs after a branch"},
	{"join", "merge fails at the first broken edge", "merge gives up at the first broken edge"},
	{"join", "merge is skipped without an active edge", "merge without an active edge is skipped"},
	{"join", "any runs at the first active edge", "any runs with the first success and ignores what comes later"},
	{"join", "any fails when all are resolved", "any waits for the last parent before it gives up"},
	{"join", "any is skipped when none broke", "any is skipped when all its parents were"},
	{"join", "a quorum runs with as many as it needs", "a quorum runs with as many as it needs"},
	{"join", "a quorum gives up when all are resolved", "a quorum that cannot be reached waits for the last parent"},
	{"join", "done runs when all are resolved", "done waits for every parent"},
	{"join", "broken beats inactive", "a broken edge beats an inactive one"},
	{"join", "the decision does not depend on the order", "TestADecisionNeverDependsOnTheOrderInWhichParentsEnd"},
	{"join", "nor does what becomes of the job", "TestWhatBecomesOfAJobIsTheSameInWhateverOrderItsParentsEnd"},
	{"join", "nor the end of a whole workflow", "TestTheEndOfAWorkflowDoesNotDependOnTheOrderOfItsOutcomes"},

	{"parents", "of another workflow", "a job waits for one of another workflow"},
	{"parents", "that ended before", "a parent that ended before counts the same"},
	{"parents", "that are in no workflow", "jobs without a workflow depend on each other all the same"},
	{"parents", "that are gone", "TestAnEdgeFromAJobThatIsGoneAsksForItsEndAloneOrIsBroken"},
	{"parents", "very many", "TestAWideFanOpensAndClosesInOneStepEach"},

	{"condition", "is asked after the join said run", "a condition is asked when the join says run, and lets it"},
	{"condition", "and only then", "a condition is not asked when the join says no"},
	{"condition", "without parents at once", "a job without parents waits until its condition was asked"},
	{"condition", "the real status of a parent", "a condition sees the real status of a parent whose failure is allowed"},
	{"condition", "the result of a parent", "a condition is asked when the join says run, and lets it"},
	{"condition", "the attempts of a parent", "a condition knows how many attempts a parent took"},
	{"condition", "counts of parents by status", "a condition counts parents by status"},
	{"condition", "a bare name is a field of the only parent's result", "a bare name is a field of the result of the only parent"},
	{"condition", "no result is null, and a field of null an error", "no result is null, and a field of it an error"},
	{"condition", "a field that is not there is an error", "an error in a condition fails the job and never reads as no"},
	{"condition", "unless it is guarded", "a field that may not be there is asked for with has"},
	{"condition", "false skips", "a condition that says no skips its job"},
	{"condition", "unmet: pass", "with unmet pass what waits for a skipped job sees a completion"},
	{"condition", "unmet: fail", "with unmet fail a condition that says no fails its job"},
	{"condition", "an error fails", "an error in a condition fails the job and never reads as no"},
	{"condition", "of any and quorum sees parents as they stand", "a condition of an any join sees its parents as they stand"},
	{"condition", "inputs are worked out", "inputs are made of the results of parents"},
	{"condition", "inputs that cannot be worked out fail", "an input that cannot be worked out fails the job"},

	{"workflow", "running, paused", "a pause keeps jobs from being claimed, and what runs goes on"},
	{"workflow", "cancelling, cancelled", "held jobs may still end by themselves, and their outcome counts"},
	{"workflow", "completed", "everything completed is a completed workflow"},
	{"workflow", "counters equal the sums", "TestTheDeciderDoesWhatTheModelSaysWithNoMoreThanItAsksFor"},
	{"result", "an allowed failure is tolerated", "a workflow with an allowed failure completes"},
	{"result", "a failure is tolerated whose edges are all optional", "a failure whose edges are all optional is tolerated"},
	{"result", "or enter any and quorum joins", "a failure is tolerated when only any and quorum joins wait for it"},
	{"result", "every one of them", "a failure that one job needs is not tolerated"},
	{"result", "within the workflow", "an edge into another workflow tolerates nothing"},
	{"result", "a failure is caught by a catch that completed", "a failure that was caught does not fail the workflow"},
	{"result", "not by one that failed", "a failure whose catch failed fails the workflow"},
	{"result", "what could not run is caught with its parents", "what could not run because of a caught failure is caught with it"},
	{"result", "all of them", "what could not run is not caught when one of two failures is not"},
	{"result", "a job cancelled on its own fails the workflow", "a job cancelled on its own breaks the edges that need its success"},
	{"result", "and can be caught", "a job cancelled on its own can be caught"},
	{"result", "other handlers absolve nothing", "a handler that does not catch absolves nothing"},
	{"result", "skipped jobs fail nothing", "a skipped job fails nothing"},

	{"fail_fast", "handlers of the failure and their descendants are spared", "handlers of the failure and what comes after them are spared"},
	{"fail_fast", "they follow their joins", "a spared job follows its join"},
	{"fail_fast", "a descendant starts when its join says so", "what comes after a handler may start before it has ended"},
	{"fail_fast", "handlers of what runs stay", "a handler of what still runs stays until that has ended"},
	{"fail_fast", "until it has ended", "a handler of what still runs is cancelled when there is nothing to handle"},
	{"fail_fast", "finally jobs are spared", "finally jobs run in a failing workflow"},
	{"fail_fast", "what runs drains", "what a worker holds drains before the workflow ends"},
	{"fail_fast", "a draining attempt is not made again", "an attempt that fails while the workflow drains is not made again"},
	{"fail_fast", "one of a spared job is", "a spared job has all its attempts"},
	{"fail_fast", "running: cancel", "with running cancel what runs is told to stop and then cancelled"},
	{"fail_fast", "descendants are upstream_failed, others cancelled", "descendants are upstream_failed, all others cancelled"},
	{"fail_fast", "a tolerated failure does not stop it", "a tolerated failure does not stop the workflow"},
	{"fail_fast", "nor one that may still be caught", "a failure that may still be caught does not stop the workflow"},
	{"fail_fast", "nor a job cancelled on its own", "a job cancelled by itself that nobody needs stops nothing"},
	{"fail_fast", "also where others catch", "a job cancelled on its own stops nothing, also where others catch"},
	{"fail_fast", "what is spared waits for nothing that is not", "a spared job cannot run when it needs one that is not"},
	{"continue_on_failure", "all that the joins allow", "branches that do not need the failure go on"},
	{"continue_on_failure", "handlers run beside it", "handlers run beside everything else"},
	{"continue_on_failure", "failures propagate", "a failure reaches everything below it and names itself as the cause"},
	{"manual", "a failure pauses, what runs drains, the rest stays", "a failure pauses the workflow, and what runs drains"},
	{"manual", "retry", "retry runs the job again with a new budget"},
	{"manual", "retry asks the condition again", "a decision to retry a job whose condition failed asks it again"},
	{"manual", "retry asks the join again", "a decision to retry a job whose deadline passed lets it wait again"},
	{"manual", "skip", "skip lets what waits see a completion without a result"},
	{"manual", "complete", "complete lets what waits see a completion with the result given"},
	{"manual", "accept", "accept lets the failure go its way"},
	{"manual", "cancel", "cancel cancels the workflow"},
	{"manual", "decisions apply at once; nothing is claimable until the last", "nothing may be claimed until the last failure is decided"},
	{"manual", "the job's status stays", "a decided failure does not change its status"},
	{"manual", "a decision counts as tolerated, but accept", "an accepted failure is run again and a skipped one is not"},
	{"manual", "nobody is asked about a tolerated failure", "nobody is asked about a tolerated failure"},
	{"manual", "nor about what could not run", "nobody is asked about what could not run"},
	{"manual", "nor while a catch may absolve it", "a failure that may be caught is asked about only if it is not"},
	{"manual", "then its edges have been settled, and a retry takes them back", "a decision to retry that comes after the edges were settled takes them back"},
	{"manual", "so does a skip, for all that waits behind it", "what a decision lets begin anew waits for it however deep it is"},
	{"manual", "so does a completion by hand", "what a completion by hand revives reads its result"},
	{"manual", "an accepted failure keeps its edges as they were settled", "an accepted failure leaves what its edges made of others"},
	{"manual", "what another failure keeps from running ends again", "what another failure keeps from running is not revived for long"},
	{"manual", "what has run is not run again", "what has run after a failure does not run again when it is skipped"},
	{"manual", "the workflow does not end before", "a workflow with an undecided failure does not end"},
	{"manual", "a cancel accepts", "a cancel accepts what nobody decided"},
	{"manual", "others wait", "what is undecided in one workflow keeps another waiting"},
	{"pause", "pause and resume are a switch of their own", "a pause by a user stays when the last failure is decided"},
	{"pause", "what runs goes on", "a pause keeps jobs from being claimed, and what runs goes on"},
	{"pause", "deadlines run on", "a deadline passes while the workflow is paused"},
	{"pause", "what was given back waits", "a job given back in a paused workflow waits for the resume"},
	{"pause", "the last end ends it", "a paused workflow all of whose jobs end has ended"},
	{"pause", "finally jobs wait", "finally jobs wait for the resume"},
	{"pause", "a cancel takes it back", "a cancel takes a pause back"},

	{"finally", "once every other job has ended", "a finally job runs when every other job has ended"},
	{"finally", "and no earlier", "a finally job that ended before its turn does not let the others run early"},
	{"finally", "whatever happened", "finally jobs run after a failure and do not absolve it"},
	{"finally", "a failure of it fails the workflow", "a finally job that fails fails the workflow"},
	{"finally", "not for each other", "finally jobs do not wait for each other"},
	{"finally", "after the last decision", "finally jobs wait until nothing is undecided"},
	{"finally", "its condition is asked", "a finally job may have a condition"},

	{"cancel", "jobs that do not run are cancelled", "a workflow that nobody works on is cancelled at once"},
	{"cancel", "what runs may end by itself, and counts", "held jobs may still end by themselves, and their outcome counts"},
	{"cancel", "until the grace is over", "what is held when the grace is over is cancelled"},
	{"cancel", "late outcomes are stale", "a late outcome is stale"},
	{"cancel", "no attempt is made again", "an attempt that fails while its workflow is cancelled is not made again"},
	{"cancel", "finally jobs run and change nothing", "finally jobs of a cancelled workflow run, and do not change how it ends"},
	{"cancel", "a second one cancels them", "a second cancel cancels finally jobs, too"},
	{"cancel", "nothing starts", "nothing new starts in a cancelling workflow"},
	{"cancel", "a deadline ends it as failed", "a deadline fails the workflow"},
	{"cancel", "the first one decides", "the first cancel decides how the workflow ends"},
	{"cancel", "finally jobs run after a deadline", "finally jobs run after a deadline, and the workflow fails"},

	{"retry", "failures and what could not run", "what failed and what could not run because of it run again"},
	{"retry", "what fail_fast cancelled", "what fail_fast cancelled runs again"},
	{"retry", "finally jobs", "finally jobs run again"},
	{"retry", "from a job", "from a job runs it and all its descendants again"},
	{"retry", "all", "all runs everything again"},
	{"retry", "a plan says what", "what failed and what could not run because of it run again"},
	{"retry", "caught failures are not among them", "a caught failure is not run again"},
	{"retry", "but if something uncaught could not run they are", "a caught failure is run again when another job could not run because of it"},
	{"retry", "tolerated failures are if something could not run", "failures that an any join tolerated run again when it could not run"},
	{"retry", "edges between reset jobs are unresolved, others keep their state", "edges from what is not reset keep their state"},
	{"retry", "joins are asked again", "a job that stays broken names its cause again"},
	{"retry", "handlers of what stays are spared", "a handler of a failure that is not reset is spared again"},
	{"retry", "conditions are asked again", "a condition is asked again"},
	{"retry", "on parents as they stand", "a condition asked again sees parents that were reset as they stand"},
	{"retry", "of a paused workflow", "a paused workflow is retried with its undecided failures"},
	{"retry", "not of one that runs", "a workflow that runs cannot be retried"},
	{"retry", "not without a failure", "a workflow in which nothing failed has nothing to be retried"},
	{"retry", "not what a worker holds", "what a worker holds cannot be reset"},
	{"retry", "what is not reset never runs again", "a retry does not touch other workflows"},

	{"several workflows", "a failure breaks edges into others, whose policies act", "a failure of another workflow fails what needs it, and that workflow's policy acts"},
	{"several workflows", "a retry of one does not set another right", "what failed because of another workflow alone has nothing to be retried"},
	{"several workflows", "it is caught in its own alone", "a failure of another workflow cannot be caught"},
	{"several workflows", "one that fails lets nothing start because of another", "what another workflow lets run in one that fails is cancelled unless it is spared"},
	{"several workflows", "a cancel breaks edges into others", "cancelling a workflow breaks its edges into another, which stops"},

	{"gate", "opens when its join says run", "a gate opens when its join says run, and no worker gets it"},
	{"gate", "suspended: holds no worker slot", "a gate opens when its join says run, and no worker gets it"},
	{"gate", "and only then", "a gate opens only if its join says run"},
	{"gate", "if its condition says so", "a gate opens only if its condition says so"},
	{"gate", "without parents at once", "a gate without parents opens at once"},
	{"gate", "not in a paused workflow", "a gate does not open while its workflow is paused"},
	{"gate", "without parents neither", "a gate without parents does not open while its workflow is paused"},
	{"gate", "one that is open can be answered all the same", "a gate that is open is answered while its workflow is paused"},
	{"gate", "a pause changes nothing of it", "a gate that is open stays open while its workflow is paused"},
	{"gate", "conditions see that it is open", "a condition sees that a gate is open that opened just now"},
	{"gate", "a rejection is a failure", "an approval that is rejected is a failure"},
	{"gate", "that stops the workflow", "a rejection stops the workflow"},
	{"gate", "or waits for a decision", "a rejection waits for a decision, and a retry asks once more"},
	{"gate", "or is caught", "a rejection can be caught"},
	{"gate", "or allowed", "a rejection can be allowed"},
	{"gate", "nobody answers in time", "a gate that nobody answers in time fails"},
	{"gate", "a timer", "a timer completes when its time has come"},
	{"gate", "a signal's payload is its result, also one that came early", "a payload that is sent before the gate opens is kept for it"},
	{"gate", "but not for a second run", "a payload that was sent before is forgotten when the gate begins anew"},
	{"gate", "it ends once", "an answer to a gate that has ended changes nothing"},
	{"gate", "nothing holds it: a cancel ends it", "an open gate is cancelled with its workflow at once"},
	{"gate", "fail_fast, too", "an open gate is cancelled by fail_fast"},
	{"gate", "unless it is spared", "an open gate may be spared"},
	{"gate", "finally", "a gate may be a finally job"},
	{"gate", "finally, cancelled twice", "a gate that is finally is open in a cancelled workflow until the second cancel"},
	{"gate", "its deadline", "the deadline of a gate passes while it is open"},
	{"gate", "a retry opens it again", "a gate that ended runs again in a retry"},
	{"gate", "also one that was open", "an open gate of a paused workflow can begin anew"},
	{"gate", "without a workflow", "a gate of no workflow opens all the same"},

	{"parts", "suspended while they run", "a job of parts is suspended while they run"},
	{"parts", "without parents at once", "a job of parts without parents begins at once"},
	{"parts", "not in a paused workflow", "parts do not begin while the workflow is paused"},
	{"parts", "they may end in one", "parts that end while the workflow is paused end their job"},
	{"parts", "continue_on_error: completed", "a batch that goes on after errors completes whatever its items did"},
	{"parts", "collect_errors: failed", "a batch that collects errors fails with them"},
	{"parts", "fail_fast: failed", "a batch that fails fast fails"},
	{"parts", "a cancelled batch is cancelled", "a batch that was cancelled is cancelled"},
	{"parts", "failure comes up", "a workflow that failed fails the job that it is"},
	{"parts", "a deadline comes up", "parts that ran out of time make their job timed out"},
	{"parts", "their failure is a job's", "the failure of parts can be caught"},
	{"parts", "they drain", "parts drain in a workflow that fails"},
	{"parts", "running: cancel goes down", "with running cancel parts are told to stop, and end by themselves"},
	{"parts", "drain does not", "parts that somebody cancelled while the workflow drains were cancelled by a user"},
	{"parts", "cancel goes down, and their end counts", "a cancel tells parts to stop, and their end counts"},
	{"parts", "so does a deadline", "parts that a deadline cancelled end for that reason"},
	{"parts", "of finally jobs at the second cancel", "parts of a finally job run on in a cancelled workflow"},
	{"parts", "a job that ended does not wait for them", "a job that ends before its parts leaves them behind"},
	{"parts", "a retry", "a retry lets a job of parts begin anew"},
	{"parts", "a decision", "a decision to retry lets a job of parts begin anew"},
	{"parts", "not while they run", "a job whose parts still run cannot begin anew"},
	{"map", "expands at run time", "a map is over what its expression comes to"},
	{"map", "an empty list completes it with []", "a map over nothing completes with nothing"},
	{"map", "what is no list fails it", "a map over what is no list fails"},
	{"map", "an error fails it", "a map whose list cannot be worked out fails"},
	{"map", "its condition comes first", "a map whose condition says no has no list"},
	{"map", "each run asks for the list", "a map asks for its list when it may run, and once more in a retry"},
	{"map", "max_parallel", "so many items run at once, the lowest first"},
	{"map", "what is in back-off counts", "an item in back-off keeps its place"},
	{"map", "an item that is cancelled makes room", "an item that is cancelled makes room, and one that waits does not"},
	{"map", "turns go on in a paused map", "items of a paused map take their turn, and may run after the resume"},
	{"map", "fail_fast ends what waits for its turn", "items that wait for their turn are cancelled by fail_fast"},
	{"map", "a cancel does", "items that wait for their turn are cancelled with the map"},
	{"map", "a retry keeps to max_parallel", "a retry lets failed items take their turn again"},
	{"map", "tolerate", "a map bears so many failed items"},
	{"map", "one more fails it", "a map bears no more failed items than it says"},
	{"map", "an item cancelled alone counts", "an item cancelled on its own counts among those that a map bears"},
	{"map", "any number", "a map may bear any number of failed items"},

	{"builder", "large stages have a barrier between them", "TestLargeStagesHaveABarrierBetweenThem"},
	{"builder", "a barrier completes by itself", "a barrier has no work and completes where others may run"},
	{"promises", "an outcome counts once, in a batch or alone", "the same, told the other way round"},
	{"promises", "every workflow ends", "TestAWorkflowAlwaysEndsUnderEveryPolicy"},
	{"promises", "a failure runs down a graph of any length", "TestAFailureRunsDownAVeryLongChain"},
	{"promises", "every small workflow does what the model says", "TestEverySmallWorkflowEndsAsTheModelSays"},
}

func TestEverySentenceAboutWorkflowsIsShownByAScenarioOrATest(t *testing.T) {
	shown := map[string]int{}
	count := func(pattern, expression string) {
		t.Helper()
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("no %s: %v", pattern, err)
		}
		for _, file := range files {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(expression).FindAllStringSubmatch(string(raw), -1) {
				shown[m[1]]++
			}
		}
	}
	count("testdata/*.txt", `(?m)^scenario (.*)$`)
	count("*_test.go", `(?m)^func (Test\w+)`)
	count("model/*_test.go", `(?m)^func (Test\w+)`)
	for title, times := range shown {
		if times > 1 {
			t.Errorf("%d scenarios or tests are called: %s", times, title)
		}
	}
	said := map[string]bool{}
	for _, m := range meaning {
		if shown[m.shown] == 0 {
			t.Errorf("%s: %s: nothing is called: %s", m.section, m.sentence, m.shown)
		}
		if key := strings.ToLower(m.section + ": " + m.sentence); said[key] {
			t.Errorf("said twice: %s", key)
		} else {
			said[key] = true
		}
	}
	t.Logf("%d sentences", len(meaning))
}
