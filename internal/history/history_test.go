package history_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/hammerwork/hammerwork/internal/history"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// A test binary that is told a folder is a process that records until it is
// killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv("HISTORY_TEST_DIR"); dir != "" {
		r, err := history.Open(dir, "victim")
		if err != nil {
			panic(err)
		}
		for i := 1; ; i++ {
			r.Record(history.Record{Kind: history.Started, Attempt: i})
			fmt.Println(i)
		}
	}
	os.Exit(m.Run())
}

func open(t *testing.T, dir, process string) *history.Recorder {
	t.Helper()
	r, err := history.Open(dir, process)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func read(t *testing.T, dir string) history.History {
	t.Helper()
	h, err := history.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestARecordIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "made")
	want := history.Record{
		Kind: history.Answered, Worker: "w/1", Workflow: uuid.New(), Job: uuid.New(), Epoch: 3, Lease: uuid.New(), Attempt: 2,
		Outcome: job.KindCompleted, Result: history.Hash([]byte("1")), Verdict: job.Committed, Leases: []job.ID{uuid.New()}, TTL: 15,
	}
	r := open(t, dir, "../w/1")
	r.Record(want)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	h := read(t, dir)
	if kinds(h) != "began answered ended" {
		t.Fatalf("the records are %s", kinds(h))
	}
	got := h.Records[1]
	if got.Process != "../w/1" || got.Instance == "" || got.Time == 0 || got.Fence() != want.Fence() {
		t.Errorf("%+v", got)
	}
	want.Time, want.Process, want.Instance = got.Time, got.Process, got.Instance
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("read %+v\nwrote %+v", got, want)
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "*")); len(files) != 1 {
		t.Errorf("the folder holds %v", files)
	}
}

func kinds(h history.History) string {
	var list []string
	for _, r := range h.Records {
		list = append(list, string(r.Kind))
	}
	return strings.Join(list, " ")
}

func TestAProcessThatIsStartedAgainGoesOnInItsFileAsAnotherInstance(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open(t, dir, "p") // killed: it is not closed
	second := open(t, dir, "p")
	second.Away("nats")
	h := read(t, dir)
	if kinds(h) != "began began away" {
		t.Fatalf("the records are %s", kinds(h))
	}
	if h.Records[0].Instance == h.Records[1].Instance || h.Records[1].Instance != h.Records[2].Instance {
		t.Errorf("the instances are %v", h.Records)
	}
}

func TestNothingThatWasRecordedIsLostToAKill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for range 3 {
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), "HISTORY_TEST_DIR="+dir)
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		said := 0
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if n := 0; len(lines.Text()) > 0 {
				if _, err := fmt.Sscan(lines.Text(), &n); err == nil {
					said = max(said, n)
				}
			}
			if said == 200 {
				if err := c.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = c.Wait() // it was killed
		kept := 0
		for _, r := range read(t, dir).Records {
			if r.Kind == history.Began {
				kept = 0 // the next one
			}
			kept = max(kept, r.Attempt)
		}
		// The last line that it said may have been cut.
		if kept < said-1 || said < 200 {
			t.Errorf("%d records were made, %d are kept", said, kept)
		}
	}
}

func TestATornLineOfAKilledProcessIsCounted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open(t, dir, "p")
	path := filepath.Join(dir, "p.jsonl")
	tear := func(text string) {
		f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteString(text); err != nil {
			t.Fatal(err)
		}
	}
	tear(`{"t":1,"process":"p","inst`)
	if h := read(t, dir); h.Torn != 1 || kinds(h) != "began" {
		t.Errorf("at the end: %d torn, %s", h.Torn, kinds(h))
	}
	open(t, dir, "p")
	tear(`{"t":1`)
	if h := read(t, dir); h.Torn != 2 || kinds(h) != "began began" {
		t.Errorf("before another start: %d torn, %s", h.Torn, kinds(h))
	}
	tear("\n" + `{"t":1,"process":"p","instance":"x","kind":"away"}` + "\n")
	if _, err := history.Read(dir); err == nil || !strings.Contains(err.Error(), "p.jsonl:4") {
		t.Errorf("in the middle of a life: %v", err)
	}
}

func TestRecordersOfOneFileDoNotMixTheirLines(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var all sync.WaitGroup
	for range 4 {
		r := open(t, dir, "p")
		all.Go(func() {
			for range 200 {
				r.Record(slices.Repeat([]history.Record{{Kind: history.Away, What: strings.Repeat("x", 100)}}, 10)...)
			}
		})
	}
	all.Wait()
	if h := read(t, dir); h.Torn != 0 || len(h.Records) != 4+4*200*10 {
		t.Errorf("%d torn, %d records", h.Torn, len(h.Records))
	}
}

func TestARecorderThatIsNotThereRecordsNothing(t *testing.T) {
	t.Parallel()
	var r *history.Recorder
	r.Record(history.Record{Kind: history.Away})
	r.Killed(1)
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

func TestAFolderWithoutAHistoryIsNamed(t *testing.T) {
	t.Parallel()
	if _, err := history.Read(t.TempDir()); err == nil || !strings.Contains(err.Error(), "holds no history") {
		t.Errorf("%v", err)
	}
	if _, err := history.ReadFinal(t.TempDir()); err == nil || !strings.Contains(err.Error(), "final.json") {
		t.Errorf("%v", err)
	}
}

func TestNoResultAndNullHaveOneHash(t *testing.T) {
	t.Parallel()
	if history.Hash(nil) != history.Hash([]byte("null")) || history.Hash(nil) == history.Hash([]byte("0")) {
		t.Error("they have not")
	}
}
