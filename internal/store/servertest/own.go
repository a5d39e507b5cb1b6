//go:build unix

package servertest

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Server is a server of a test's own, which the test may stop and start.
type Server struct {
	URL     string
	LogFile string // gets what the server says

	t testing.TB
	s *instance
}

// Own starts a server with arguments after those that a shared server has, so
// that they count. The test's end ends it.
func (k Kind) Own(t testing.TB, args ...string) *Server {
	t.Helper()
	root, err := os.MkdirTemp("", "hammerwork-"+k.Name+"-own")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(root) })
	s, err := k.prepare(root)
	if err != nil {
		t.Fatalf("a server of the test's own: %v", err)
	}
	s.args = append(s.args, args...)
	server := &Server{URL: s.url, LogFile: filepath.Join(root, logFile), t: t, s: s}
	if s.output, err = os.Create(server.LogFile); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if s.cmd != nil {
			s.stop()
		}
		s.output.Close()
	})
	server.Start()
	return server
}

// PID returns the process id of the server that runs.
func (s *Server) PID() int { return s.s.cmd.Process.Pid }

// Stop ends the server with a signal and returns when it has gone.
func (s *Server) Stop(how syscall.Signal) {
	s.t.Helper()
	s.s.end(how)
	if state := s.s.cmd.ProcessState; how != syscall.SIGKILL && !state.Exited() {
		s.t.Fatalf("the server did not end by itself within ten seconds: %s", state)
	}
}

// Start starts the server, on its data if it ran before, and returns when it
// answers.
func (s *Server) Start() {
	s.t.Helper()
	if err := s.s.run(); err != nil {
		s.t.Fatalf("start the server: %v", err)
	}
	if err := s.s.answers(); err != nil {
		s.t.Fatal(err)
	}
}
