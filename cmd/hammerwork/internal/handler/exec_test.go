//go:build unix

package handler

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/sdk/worker"
)

// command returns a job that runs argv.
func command(argv ...string) *worker.Job {
	payload, err := json.Marshal(map[string]any{"command": argv})
	if err != nil {
		panic(err)
	}
	return testJob(string(payload))
}

// shell returns a job that runs a script with its arguments as $1, $2, ….
func shell(script string, args ...string) *worker.Job {
	return command(append([]string{"/bin/sh", "-c", script, "sh"}, args...)...)
}

func TestExecReturnsWhatTheCommandWrites(t *testing.T) {
	for _, c := range []struct {
		script string
		want   string
	}{
		{`echo '{"rows": 3}'`, `{"rows": 3}`},
		{`echo hello`, `{"stdout": "hello\n"}`},
		{`echo unseen >&2`, `{"stdout": ""}`},
		{`printf 'a\377b'`, `{"stdout": "a\ufffdb"}`},
	} {
		got, err := Exec(ExecConfig{})(t.Context(), shell(c.script))
		wantResult(t, got, err, c.want)
	}
}

func TestExecGivesTheJobOnStdin(t *testing.T) {
	j := command("cat")
	got, err := Exec(ExecConfig{})(t.Context(), j)
	want, _ := json.Marshal(wantJobJSON(j))
	wantResult(t, got, err, string(want))
}

func TestExecDoesNotMindACommandThatIgnoresALargeStdin(t *testing.T) {
	payload := fmt.Sprintf(`{"command": ["true"], "data": %q}`, strings.Repeat("x", job.MaxPayload-100))
	got, err := Exec(ExecConfig{})(t.Context(), testJob(payload))
	wantResult(t, got, err, `{"stdout": ""}`)
}

func TestExecPassesArgumentsUntouchedByAnyShell(t *testing.T) {
	args := []string{"$HOME", "a b", "*", "`id`", "", "ü\n"}
	got, err := Exec(ExecConfig{})(t.Context(), command(append([]string{"printf", "[%s]"}, args...)...))
	wantResult(t, got, err, `{"stdout": "[$HOME][a b][*][`+"`id`"+`][][ü\n]"}`)
}

func TestExecGivesACleanEnvironment(t *testing.T) {
	t.Setenv("DATABASE_PASSWORD", "secret")
	t.Setenv("HAMMERWORK_TOKEN", "secret")
	t.Setenv("HAMMERWORK_QUEUE", "forged")
	t.Setenv("REGION", "eu-1")
	t.Setenv("LANG", "C.UTF-8")
	t.Setenv("TMPDIR", t.TempDir())
	j := command("env")
	got, err := Exec(ExecConfig{Env: []string{"REGION", "NOT_SET", "HAMMERWORK_QUEUE"}})(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{}
	for line := range strings.Lines(stdoutOf(t, got)) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		env[name] = value
	}
	if name := filepath.Base(env["HAMMERWORK_PARENTS_FILE"]); name != "parents.json" {
		t.Errorf("the parents' file is called %q", name)
	}
	delete(env, "HAMMERWORK_PARENTS_FILE")
	want := map[string]string{
		"PATH": os.Getenv("PATH"), "HOME": os.Getenv("HOME"), "TMPDIR": os.Getenv("TMPDIR"), "LANG": "C.UTF-8", "REGION": "eu-1",
		"HAMMERWORK_JOB_ID": j.ID().String(), "HAMMERWORK_JOB_NAME": "extract", "HAMMERWORK_WORKFLOW_ID": j.WorkflowID.String(),
		"HAMMERWORK_QUEUE": "etl", "HAMMERWORK_ATTEMPT": "1", "HAMMERWORK_TRACEPARENT": j.TraceParent,
	}
	if !maps.Equal(env, want) {
		t.Errorf("the environment is %v, want %v", env, want)
	}
}

func TestExecGivesParentsResultsInAPrivateFileThatIsRemoved(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	a := worker.Parent{ID: job.NewID(), Name: "a.b", Status: job.Completed, Result: json.RawMessage(`{"html": "<p>"}`)}
	b := worker.Parent{ID: job.NewID(), Name: "c", Status: job.Failed}
	cfg := ExecConfig{Grace: DefaultGrace}
	got, err := cfg.run(t.Context(), shell(`find "$HAMMERWORK_PARENTS_FILE" -perm 600 | grep -q . && cat "$HAMMERWORK_PARENTS_FILE"`), parents(a, b))
	wantResult(t, got, err, fmt.Sprintf(
		`{"a.b": {"id": %q, "status": "completed", "result": {"html": "<p>"}}, "c": {"id": %q, "status": "failed", "result": null}}`, a.ID, b.ID))
	got, err = cfg.run(t.Context(), shell(`cat "$HAMMERWORK_PARENTS_FILE"`), parents())
	wantResult(t, got, err, `{}`)
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestExecRetriesWhenParentsResultsCannotBeRead(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	lost := errors.New("connection lost")
	_, err := ExecConfig{}.run(t.Context(), command("true"), func(yield func(worker.Parent, error) bool) {
		_ = yield(worker.Parent{Name: "a"}, nil) && yield(worker.Parent{}, lost)
	})
	wantError(t, err, false, "connection lost")
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestExecRunsInTheConfiguredDirectory(t *testing.T) {
	dir := t.TempDir()
	script(t, filepath.Join(dir, "here.sh"), "#!/bin/sh\nls\n", 0o755)
	got, err := Exec(ExecConfig{Dir: dir})(t.Context(), command("./here.sh"))
	wantResult(t, got, err, `{"stdout": "here.sh\n"}`)
}

func TestExecReportsTheExitCodeAndTheEndOfStderr(t *testing.T) {
	_, err := Exec(ExecConfig{})(t.Context(), shell(`echo lost; echo "no such table: orders" >&2; exit 3`))
	wantError(t, err, false, "exit code 3: no such table: orders")
	_, err = Exec(ExecConfig{})(t.Context(), command("false"))
	wantError(t, err, false, "command false: exit code 1")
	_, err = Exec(ExecConfig{})(t.Context(), shell(`kill -KILL $$`))
	wantError(t, err, false, "signal: killed")
}

func TestExecKeepsTheExitCodeBeforeALongStderrOfAnyBytes(t *testing.T) {
	_, err := Exec(ExecConfig{})(t.Context(), shell(`yes 'noise' | head -n 20000 >&2; printf 'caf\351 the cause' >&2; exit 7`))
	wantError(t, err, false, "exit code 7: …", "caf\uFFFD the cause")
	if text := err.Error(); len(text) > job.MaxError || !utf8.ValidString(text) {
		t.Errorf("the error has %d bytes, valid text: %t", len(text), utf8.ValidString(text))
	}
}

func TestExecStopsACommandWhoseOutputIsTooLarge(t *testing.T) {
	_, err := Exec(ExecConfig{})(t.Context(), command("yes"))
	wantError(t, err, true, "the result has over", "262144 bytes")
	got, err := Exec(ExecConfig{})(t.Context(), shell(`printf '"'; head -c $(($1 - 2)) /dev/zero | tr '\0' x; printf '"'`, fmt.Sprint(job.MaxResult)))
	if raw, _ := got.(json.RawMessage); err != nil || len(raw) != job.MaxResult {
		t.Errorf("the largest result came as %d bytes, %v", len(raw), err)
	}
}

func TestExecFailsForGoodWhenThereIsNothingToRun(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain.txt")
	script(t, plain, "#!/bin/sh\n", 0o644)
	noInterpreter := filepath.Join(dir, "nointerpreter")
	script(t, noInterpreter, "#!/no/such/interpreter\n", 0o755)
	noProgram := filepath.Join(dir, "noprogram")
	script(t, noProgram, "\x00\x01\x02", 0o755)
	for _, c := range []struct{ payload, want string }{
		{`{}`, "payload.command is missing"},
		{`null`, "payload.command is missing"},
		{`{"command": null}`, "names no program"},
		{`{"command": []}`, "names no program"},
		{`{"command": [""]}`, "names no program"},
		{`{"command": "ls -l"}`, "no shell splits it"},
		{`{"command": ["sleep", 1]}`, "not a list of strings"},
		{`{"command": ["echo", null]}`, "payload.command[1] is null"},
		{`{"command": ["echo", "a\u0000b"]}`, "payload.command[1] contains U+0000"},
		{`{"command": ["hammerwork-no-such-program"]}`, "not found in PATH; install it"},
		{`{"command": ["./no/such/program"]}`, "not found"},
		{fmt.Sprintf(`{"command": [%q]}`, plain), "not executable"},
		{fmt.Sprintf(`{"command": [%q]}`, dir), "not executable"},
		{fmt.Sprintf(`{"command": [%q]}`, noInterpreter), "interpreter must exist"},
		{fmt.Sprintf(`{"command": [%q]}`, noProgram), "not a program"},
	} {
		_, err := Exec(ExecConfig{})(t.Context(), testJob(c.payload))
		wantError(t, err, true, c.want)
	}
}

func TestExecCancelEndsTheWholeProcessGroup(t *testing.T) {
	for name, c := range map[string]struct {
		trap  string
		grace time.Duration
	}{
		"that obeys SIGTERM":  {"", time.Minute},
		"that exits well":     {"trap 'exit 0' TERM", time.Minute},
		"that ignores it all": {"trap '' TERM", 10 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			alive := newLifeline(t)
			ctx, cancel := context.WithCancelCause(t.Context())
			reason := errors.New("a user cancelled the job")
			// The grandchild speaks: a shell that is still forking it may lose a signal.
			done := start(ctx, ExecConfig{Grace: c.grace}, shell(c.trap+`
				exec 3>"$1"; sh -c 'echo started >&3; sleep 1000; :' & wait`, alive.path))
			alive.waitFor(t, "started\n", done)
			cancel(reason)
			o := <-done
			wantError(t, o.err, false, "was stopped", "a user cancelled the job")
			if !errors.Is(o.err, reason) {
				t.Errorf("error %v does not carry the cause", o.err)
			}
			alive.waitForEnd(t)
		})
	}
}

func TestExecDoesNotStartAfterItsContextEnded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	file := filepath.Join(t.TempDir(), "started")
	_, err := Exec(ExecConfig{})(ctx, command("touch", file))
	wantError(t, err, false, "was not started")
	if _, err := os.Stat(file); err == nil {
		t.Error("the command ran")
	}
}

func TestExecEndsWhatACommandLeavesBehind(t *testing.T) {
	alive := newLifeline(t)
	done := start(t.Context(), ExecConfig{Grace: 10 * time.Millisecond}, shell(
		`exec 3>"$1"; echo started >&3; sleep 1000 & echo '"done"'`, alive.path))
	alive.waitFor(t, "started\n", nil)
	o := <-done
	wantResult(t, o.result, o.err, `"done"`)
	alive.waitForEnd(t)
}

// script writes an executable file.
func script(t *testing.T, path, content string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}

func stdoutOf(t *testing.T, result any) string {
	t.Helper()
	var out map[string]string
	if err := json.Unmarshal(result.(json.RawMessage), &out); err != nil || !slices.Equal(slices.Collect(maps.Keys(out)), []string{"stdout"}) {
		t.Fatalf("result %s is not only stdout: %v", result, err)
	}
	return out["stdout"]
}

type outcome struct {
	result any
	err    error
}

// start runs a job in the background and sends how it ended.
func start(ctx context.Context, cfg ExecConfig, j *worker.Job) <-chan outcome {
	done := make(chan outcome, 1)
	go func() {
		result, err := Exec(cfg)(ctx, j)
		done <- outcome{result, err}
	}()
	return done
}

// lifeline is a named pipe that processes hold open as long as they live.
type lifeline struct {
	path   string
	opened chan *bufio.Reader
	reader *bufio.Reader
}

func newLifeline(t *testing.T) *lifeline {
	t.Helper()
	l := &lifeline{path: filepath.Join(t.TempDir(), "lifeline"), opened: make(chan *bufio.Reader, 1)}
	if err := syscall.Mkfifo(l.path, 0o600); err != nil {
		t.Fatal(err)
	}
	go func() {
		f, err := os.Open(l.path) // waits for the first process to open it
		if err == nil {
			l.opened <- bufio.NewReader(f)
		}
	}()
	return l
}

// waitFor waits until a process wrote line. It fails when the job ends first,
// unless done is nil.
func (l *lifeline) waitFor(t *testing.T, line string, done <-chan outcome) {
	t.Helper()
	select {
	case l.reader = <-l.opened:
	case o := <-done:
		t.Fatalf("the job ended early: %v", o)
	}
	if got, err := l.reader.ReadString('\n'); got != line {
		t.Fatalf("the process wrote %q, %v; want %q", got, err, line)
	}
}

// waitForEnd waits until no process holds the pipe any more.
func (l *lifeline) waitForEnd(t *testing.T) {
	t.Helper()
	if rest, err := io.ReadAll(l.reader); err != nil || len(rest) > 0 {
		t.Errorf("more on the pipe: %q, %v", rest, err)
	}
}
