package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
)

func contains(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s has no %q:\n%s", what, part, text)
		}
	}
}

func TestACompletedRunPrintsItsJobsAndTheResultsOfTheLastOnes(t *testing.T) {
	e := newFakeEngine()
	e.endings["extract"] = ending{result: `{"rows": 3}`}
	e.endings["load"] = ending{result: `{"rows":3,"table":"facts"}`}
	e.endings["report"] = ending{result: `{"stdout":"# Report\n\nAll well.\n"}`}
	got := call(t, e, nil, "run", workflowFile(t, etl))
	if got.code != 0 {
		t.Errorf("exit code %d: %s", got.code, got.err)
	}
	const want = `JOB        STATUS       ATTEMPT  TIME  NOTE
extract    ✓ completed        1  1.5s
transform  ✓ completed        1  1.5s
load       ✓ completed        1  1.5s
report     ✓ completed        1  1.5s

── load ────────────────────────────────────────────────────────────────────────
{
  "rows": 3,
  "table": "facts"
}

── report ──────────────────────────────────────────────────────────────────────
# Report

All well.

✓ etl completed in 2.0s: 4 completed
`
	if got.out != want {
		t.Errorf("stdout\n%s\nwant\n%s", got.out, want)
	}
	contains(t, "stderr", got.err, "etl: 4 jobs", "▸ extract started", "✓ extract completed in ", "✓ etl completed")
	if !e.closed {
		t.Error("the engine was not closed")
	}
}

func TestAFailedRunNamesTheCauseAndExitsWithOne(t *testing.T) {
	e := newFakeEngine()
	e.endings["transform"] = ending{status: job.Dead, err: "exit status 2: reading rows\nline two\nno such column"}
	e.endings["load"] = ending{status: job.UpstreamFailed}
	e.endings["report"] = ending{status: job.UpstreamFailed}
	got := call(t, e, nil, "run", workflowFile(t, etl))
	if got.code != exitFailed {
		t.Errorf("exit code %d", got.code)
	}
	contains(t, "stdout", got.out,
		"✗ dead", "exit status 2: reading rows\n", "⊘ upstream_failed",
		"── transform: dead ──", "line two\nno such column\n",
		"✗ etl failed in 2.0s: 1 completed, 1 dead, 2 upstream_failed")
	contains(t, "stderr", got.err, "error: workflow etl failed: job transform is dead", "and 2 other jobs did not complete", "hint: ")
}

func TestJSONIsTheOnlyThingOnStdout(t *testing.T) {
	for name, end := range map[string]ending{"completed": {result: `{"n": 1}`}, "failed": {status: job.Failed, err: "no"}} {
		e := newFakeEngine()
		e.endings["report"] = end
		got := call(t, e, nil, "run", workflowFile(t, etl), "-o", "json")
		var w wire.Workflow
		if err := json.Unmarshal([]byte(got.out), &w); err != nil {
			t.Fatalf("%s: stdout is not JSON: %v\n%s", name, err, got.out)
		}
		if w.Status != name || len(w.Jobs) != 4 || !slices.Equal(w.Jobs[3].DependsOn, []string{"transform"}) {
			t.Errorf("%s: %+v", name, w)
		}
		if (name == "completed") != (got.code == 0) {
			t.Errorf("%s: exit code %d", name, got.code)
		}
	}
}

func TestQuietPrintsNothingButTheResult(t *testing.T) {
	e := newFakeEngine()
	e.endings["report"] = ending{result: `{"stdout":"# Report\n"}`}
	got := call(t, e, nil, "run", "--quiet", workflowFile(t, etl))
	if got != (result{0, "# Report\n", ""}) {
		t.Errorf("got %+v", got)
	}
}

func TestTheFirstSignalCancelsARunWhoseDataDoesNotStay(t *testing.T) {
	e := newFakeEngine()
	e.stuck = true
	signals := make(chan os.Signal, 2)
	go func() { <-e.watching; signals <- os.Interrupt }()
	got := call(t, e, signals, "run", workflowFile(t, etl))
	if got.code != exitFailed {
		t.Errorf("exit code %d", got.code)
	}
	contains(t, "stderr", got.err, "cancelling", "error: workflow etl was cancelled", "--data-dir")
	contains(t, "stdout", got.out, "– etl cancelled in 2.0s: 4 cancelled")
}

func TestTheFirstSignalStopsARunWhoseDataStaysAndSaysHowToGoOn(t *testing.T) {
	e := newFakeEngine()
	e.stuck = true
	signals := make(chan os.Signal, 2)
	go func() { <-e.watching; signals <- syscall.SIGTERM }()
	dir := t.TempDir()
	got := call(t, e, signals, "run", workflowFile(t, etl), "--data-dir", dir)
	if got.code != exitFailed {
		t.Errorf("exit code %d", got.code)
	}
	if len(e.cancelled) != 0 {
		t.Error("the workflow was cancelled")
	}
	contains(t, "stderr", got.err, "stopping", "error: workflow etl was stopped when 0 of 4 jobs had ended", "hint: the same command with --data-dir "+dir)
}

func TestTheSecondSignalStopsAtOnce(t *testing.T) {
	e := newFakeEngine()
	e.stuck, e.deaf = true, true
	signals := make(chan os.Signal, 2)
	go func() { <-e.watching; signals <- os.Interrupt; signals <- os.Interrupt }()
	got := call(t, e, signals, "run", workflowFile(t, etl))
	if got.code != exitFailed {
		t.Errorf("exit code %d", got.code)
	}
	contains(t, "stderr", got.err, "error: stopped")
}

func TestAResumedRunSaysSo(t *testing.T) {
	e := newFakeEngine()
	e.resumed = true
	got := call(t, e, nil, "run", workflowFile(t, etl), "--data-dir", "somewhere")
	contains(t, "stderr", got.err, "note: going on with the unfinished run in somewhere: 0 of 4 jobs have ended")
}

func TestSetFillsTheMetadataAndChangesTheDigest(t *testing.T) {
	file := workflowFile(t, etl)
	plain, set := newFakeEngine(), newFakeEngine()
	call(t, plain, nil, "run", file)
	call(t, set, nil, "run", file, "--set", "day=2026-05-04", "--set", "empty=")
	if got := string(set.submitted.Metadata); got != `{"day":"2026-05-04","empty":""}` {
		t.Errorf("metadata %s", got)
	}
	if plain.digest == set.digest || len(plain.digest) != 64 {
		t.Errorf("digests %s and %s", plain.digest, set.digest)
	}
}

func TestManyJobsAreSummedUpByQueueAndFailuresComeFirst(t *testing.T) {
	var file strings.Builder
	file.WriteString("name: wide\nfailure_policy: continue_on_failure\njobs:\n")
	e := newFakeEngine()
	for i := range 120 {
		fmt.Fprintf(&file, "  - {name: item-%03d, queue: %s}\n", i, []string{"resize", "mail"}[i/100])
	}
	e.endings["item-110"] = ending{status: job.Failed, err: "refused"}
	for i := range 30 {
		e.endings[fmt.Sprintf("item-%03d", i)] = ending{status: job.Skipped}
	}
	got := call(t, e, nil, "run", workflowFile(t, file.String()))
	const want = `JOB       STATUS     ATTEMPT  TIME  NOTE
item-110  ✗ failed         1  1.5s  refused
item-000  – skipped        1  1.5s
`
	if !strings.HasPrefix(got.out, want) {
		t.Errorf("stdout\n%s\nwant first\n%s", got.out, want)
	}
	contains(t, "stdout", got.out, "… and 11 jobs more that did not complete; -o json lists all",
		"QUEUE   JOBS  COMPLETED  FAILED  OTHER", "resize   100         70             30", "mail      20         19       1")
	if n := strings.Count(got.out, "\n"); n > 40 {
		t.Errorf("%d lines", n)
	}
}

func TestResultsAreReadable(t *testing.T) {
	for in, want := range map[string]string{
		`{"stdout": "a\nb\n"}`:       "a\nb\n",
		`{"report":"# Title"}`:       "# Title",
		`"text"`:                     "text",
		`{"stdout":null}`:            "{\n  \"stdout\": null\n}",
		`{"n":12345678901234567890}`: "{\n  \"n\": 12345678901234567890\n}",
		`[1,2]`:                      "[\n  1,\n  2\n]",
		`{"a":"x","b":"y"}`:          "{\n  \"a\": \"x\",\n  \"b\": \"y\"\n}",
	} {
		if got, _ := resultText(json.RawMessage(in)); got != want {
			t.Errorf("%s is shown as %q; want %q", in, got, want)
		}
	}
}

func TestFlagsBeatTheEnvironmentWhichBeatsTheFile(t *testing.T) {
	file := workflowFile(t, etl)
	settings := t.TempDir() + "/settings.yaml"
	if err := os.WriteFile(settings, []byte("concurrency: 11\ndata_dir: from-file\nenv: [PATH, HOME]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HAMMERWORK_CONFIG", settings)
	t.Setenv("HAMMERWORK_DATA_DIR", "from-environment")
	e := newFakeEngine()
	if got := call(t, e, nil, "run", file); got.code != 0 {
		t.Fatalf("%+v", got)
	}
	if e.cfg.Concurrency != 11 || e.cfg.DataDir != "from-environment" {
		t.Errorf("concurrency %d of the file, data folder %s of the environment", e.cfg.Concurrency, e.cfg.DataDir)
	}
	t.Setenv("HAMMERWORK_CONCURRENCY", "12")
	e = newFakeEngine()
	call(t, e, nil, "run", file, "--data-dir", "from-flag")
	if e.cfg.Concurrency != 12 || e.cfg.DataDir != "from-flag" {
		t.Errorf("concurrency %d of the environment, data folder %s of the flag", e.cfg.Concurrency, e.cfg.DataDir)
	}
}

func TestKeptDataIsNamed(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	e := newFakeEngine()
	got := call(t, e, nil, "run", workflowFile(t, etl), "--keep")
	if e.cfg.DataDir == "" || !e.cfg.Keep {
		t.Errorf("config %+v", e.cfg)
	}
	contains(t, "stderr", got.err, "note: the data is kept in "+e.cfg.DataDir)
}
