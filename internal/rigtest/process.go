package rigtest

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Patience is how long a test waits for what must come.
const Patience = 4 * time.Minute

// Process is a running program whose output a test reads.
type Process struct {
	Name string // the program and its arguments
	// Ended is closed when the program has ended.
	Ended <-chan struct{}
	// Quiet: what it said is not shown when the test fails.
	Quiet bool

	t   testing.TB
	cmd *exec.Cmd

	mu    sync.Mutex
	lines []string
	more  chan struct{} // closed and made anew with each line
	err   error         // of its end; read when Ended is closed
}

// Hammerwork starts the binary. The test's end kills it.
func Hammerwork(t testing.TB, args ...string) *Process {
	t.Helper()
	return Start(t, nil, "hammerwork", args...)
}

// Start starts a program with additions to the environment. The test's end
// kills it.
func Start(t testing.TB, env []string, name string, args ...string) *Process {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = t.TempDir()
	// What a killed program leaves behind goes with the test.
	cmd.Env = append(append(os.Environ(), "TMPDIR="+t.TempDir()), env...)
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = in, in
	ended := make(chan struct{})
	p := &Process{t: t, Name: filepath.Base(name) + " " + strings.Join(args, " "), cmd: cmd, more: make(chan struct{}), Ended: ended}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in.Close()
	var read sync.WaitGroup
	read.Go(func() { p.read(out) })
	go func() {
		read.Wait()
		p.err = cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		p.Signal(syscall.SIGCONT)
		p.Kill()
		if t.Failed() && !p.Quiet {
			t.Logf("%s said:\n%s", p.Name, p.Output())
		}
	})
	return p
}

func (p *Process) read(out io.ReadCloser) {
	defer out.Close()
	scanner := bufio.NewScanner(out)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		p.mu.Lock()
		p.lines = append(p.lines, scanner.Text())
		close(p.more)
		p.more = make(chan struct{})
		p.mu.Unlock()
	}
}

// PID returns the program's process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Output returns what the program has said so far.
func (p *Process) Output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.lines, "\n")
}

// Says waits for a line that matches and returns its groups.
func (p *Process) Says(pattern string) []string {
	p.t.Helper()
	re := regexp.MustCompile(pattern)
	late := time.NewTimer(Patience)
	defer late.Stop()
	for next := 0; ; {
		p.mu.Lock()
		lines, more := p.lines[next:], p.more
		next = len(p.lines)
		p.mu.Unlock()
		for _, line := range lines {
			if m := re.FindStringSubmatch(line); m != nil {
				return m
			}
		}
		select {
		case <-more:
		case <-p.Ended:
			if m := re.FindStringSubmatch(p.Output()); m != nil {
				return m
			}
			p.t.Fatalf("%s ended (%v) without saying %q:\n%s", p.Name, p.err, pattern, p.Output())
		case <-late.C:
			p.t.Fatalf("%s did not say %q:\n%s", p.Name, pattern, p.Output())
		}
	}
}

// Signal sends a signal.
func (p *Process) Signal(s syscall.Signal) {
	// It fails when the program has ended, which is as well.
	_ = p.cmd.Process.Signal(s)
}

// Kill ends the program with SIGKILL.
func (p *Process) Kill() {
	p.Signal(syscall.SIGKILL)
	<-p.Ended
}

// Stop ends the program with SIGTERM and returns its exit code.
func (p *Process) Stop() int {
	p.t.Helper()
	p.Signal(syscall.SIGTERM)
	return p.Exit()
}

// Exit waits for the end of the program and returns its exit code.
func (p *Process) Exit() int {
	p.t.Helper()
	select {
	case <-p.Ended:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(Patience):
		p.t.Fatalf("%s does not end:\n%s", p.Name, p.Output())
		return -1
	}
}
