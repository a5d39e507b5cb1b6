package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
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

// patience is how long a test waits for what must come.
const patience = 90 * time.Second

// process is a running program whose output a test reads.
type process struct {
	t    *testing.T
	name string
	cmd  *exec.Cmd

	mu    sync.Mutex
	lines []string
	more  chan struct{} // closed and made anew with each line
	ended chan struct{} // closed when the program has ended
	err   error         // of its end
}

// hammerwork starts the binary. The test's end kills it.
func hammerwork(t *testing.T, args ...string) *process {
	t.Helper()
	return program(t, nil, "hammerwork", args...)
}

// program starts a program with additions to the environment.
func program(t *testing.T, env []string, name string, args ...string) *process {
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
	p := &process{t: t, name: filepath.Base(name) + " " + strings.Join(args, " "), cmd: cmd, more: make(chan struct{}), ended: make(chan struct{})}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in.Close()
	var read sync.WaitGroup
	read.Go(func() { p.read(out) })
	go func() {
		read.Wait()
		p.err = cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.signal(syscall.SIGCONT)
		p.kill()
		if t.Failed() {
			t.Logf("%s said:\n%s", p.name, p.output())
		}
	})
	return p
}

func (p *process) read(out io.ReadCloser) {
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

func (p *process) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.lines, "\n")
}

// says waits for a line that matches and returns its groups.
func (p *process) says(pattern string) []string {
	p.t.Helper()
	re := regexp.MustCompile(pattern)
	late := time.NewTimer(patience)
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
		case <-p.ended:
			if m := re.FindStringSubmatch(p.output()); m != nil {
				return m
			}
			p.t.Fatalf("%s ended (%v) without saying %q:\n%s", p.name, p.err, pattern, p.output())
		case <-late.C:
			p.t.Fatalf("%s did not say %q:\n%s", p.name, pattern, p.output())
		}
	}
}

func (p *process) signal(s syscall.Signal) {
	// It fails when the program has ended, which is as well.
	_ = p.cmd.Process.Signal(s)
}

// kill ends the program with SIGKILL.
func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	<-p.ended
}

// stop ends the program with SIGTERM and returns its exit code.
func (p *process) stop() int {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	return p.exit()
}

// exit waits for the end of the program and returns its exit code.
func (p *process) exit() int {
	p.t.Helper()
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		p.t.Fatalf("%s does not end:\n%s", p.name, p.output())
		return -1
	}
}

// natsBinary builds a nats-server of the version in go.mod, once.
var natsBinary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "hammerwork-nats-")
	if err != nil {
		return "", err
	}
	cleanups = append(cleanups, func() { os.RemoveAll(dir) })
	bin := filepath.Join(dir, "nats-server")
	build := exec.Command("go", "build", "-o", bin, "github.com/nats-io/nats-server/v2")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build nats-server: %w\n%s", err, out)
	}
	return bin, nil
})

// cleanups run when all tests of this package are over.
var cleanups []func()

// nats starts a nats-server on a port, 0 for a free one, and returns its URL.
func nats(t *testing.T, port int) (url string, p *process) {
	t.Helper()
	bin, err := natsBinary()
	if err != nil {
		t.Fatal(err)
	}
	if port == 0 {
		port = freePort(t)
	}
	p = program(t, nil, bin, "-a", "127.0.0.1", "-p", fmt.Sprint(port))
	p.says("Server is ready")
	return fmt.Sprintf("nats://127.0.0.1:%d", port), p
}

// freePort returns a port that nobody listens on.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// free returns an address that nobody listens on.
func free(t *testing.T) string {
	t.Helper()
	return fmt.Sprintf("127.0.0.1:%d", freePort(t))
}

// call runs the binary to its end and returns what it printed; it must exit
// with code.
func call(t *testing.T, code int, args ...string) (stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, "hammerwork", args...)
	var out, told strings.Builder
	c.Stdout, c.Stderr = &out, &told
	err := c.Run()
	if got := c.ProcessState.ExitCode(); got != code {
		t.Fatalf("hammerwork %s: exit code %d, %v; want %d\n%s\n%s", strings.Join(args, " "), got, err, code, &out, &told)
	}
	return out.String(), told.String()
}

// try runs the binary to its end and reports whether it exited with 0.
func try(args ...string) (stdout string, ok bool) {
	out, err := exec.Command("hammerwork", args...).Output()
	return string(out), err == nil
}
