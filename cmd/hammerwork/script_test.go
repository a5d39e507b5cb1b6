package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/hammerwork/hammerwork/internal/rigtest"
)

// quick lets a process with the race detector end at once; it would sleep for a
// second, and there are hundreds.
const quick = "atexit_sleep_ms=0"

// TestMain makes this test binary stand in for hammerwork in the scripts.
func TestMain(m *testing.M) {
	rigtest.Waiting()
	if os.Getenv("GORACE") == "" {
		os.Setenv("GORACE", quick)
	}
	testscript.Main(m, map[string]func(){"hammerwork": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(e *testscript.Env) error {
			e.Setenv("GORACE", os.Getenv("GORACE"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"capture": capture,
			"exits":   exits,
			"large":   large,
			"lines":   lines,
			"server":  server,
			"until":   until,
		},
	})
}

// exits runs a command that must end with an exit code: exits 2 hammerwork …
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARGUMENT]…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%s: %v", args[1], err)
	}
	if got != want {
		ts.Fatalf("%s ended with exit code %d; want %d", strings.Join(args[1:], " "), got, want)
	}
}

// large writes a workflow of one job whose payload has a number of bytes:
// large FILE BYTES
func large(ts *testscript.TestScript, _ bool, args []string) {
	size, err := strconv.Atoi(args[1])
	ts.Check(err)
	text := fmt.Sprintf("name: large\njobs:\n  - name: a\n    queue: q\n    payload: %q\n", strings.Repeat("x", size-2))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

// lines checks how many lines stdout or stderr has: lines stderr 2
func lines(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	if got := strings.Count(ts.ReadFile(args[0]), "\n"); (got == want) == neg {
		ts.Fatalf("%s has %d lines:\n%s", args[0], got, ts.ReadFile(args[0]))
	}
}

// server starts `hammerwork dev` on free ports, with more arguments, and sets
// HAMMERWORK_SERVER. The script's end stops it: server --workers 1
func server(ts *testscript.TestScript, _ bool, args []string) {
	bin, err := exec.LookPath("hammerwork")
	ts.Check(err)
	c := exec.Command(bin, append([]string{"dev", "--listen", "127.0.0.1:0", "--nats-listen", "127.0.0.1:0", "--log-level", "error"}, args...)...)
	c.Dir = ts.MkAbs(".")
	c.Env = append(os.Environ(), "HAMMERWORK_TOKEN="+ts.Getenv("HAMMERWORK_TOKEN"))
	out, err := c.StdoutPipe()
	ts.Check(err)
	ts.Check(c.Start())
	ts.Defer(func() {
		// It fails when the server has ended, which is as well.
		_ = c.Process.Kill()
		_ = c.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	url, ready := strings.CutPrefix(strings.TrimSpace(line), "ready ")
	if !ready {
		ts.Fatalf("the server said %q, %v", line, err)
	}
	ts.Setenv("HAMMERWORK_SERVER", url)
}

// until runs a command again and again until its stdout has a pattern:
// until PATTERN COMMAND [ARGUMENT]…
func until(ts *testscript.TestScript, _ bool, args []string) {
	pattern := regexp.MustCompile("(?m)" + args[0])
	for late := time.Now().Add(patience); ; {
		ts.Check(ts.Exec(args[1], args[2:]...))
		if pattern.MatchString(ts.ReadFile("stdout")) {
			return
		}
		if time.Now().After(late) {
			ts.Fatalf("%s never printed %s:\n%s", strings.Join(args[1:], " "), args[0], ts.ReadFile("stdout"))
		}
		<-time.After(50 * time.Millisecond)
	}
}

// capture sets a variable to the first group of a pattern in stdout:
// capture id '"id": "([^"]+)'
func capture(ts *testscript.TestScript, _ bool, args []string) {
	m := regexp.MustCompile(args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if m == nil {
		ts.Fatalf("stdout has no %s:\n%s", args[1], ts.ReadFile("stdout"))
	}
	ts.Setenv(args[0], m[1])
}
