//go:build unix

package pgtest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Server is a server of a test's own, which the test may stop and start.
// Commits outlive that, as on a server that people use.
type Server struct {
	// URL names a database that has the schema.
	URL string
	// LogFile gets what the server says.
	LogFile string

	t testing.TB
	s *instance
}

// The ways to stop a server.
const (
	Fast      = syscall.SIGINT  // sessions are ended, a checkpoint is made
	Immediate = syscall.SIGQUIT // as if it crashed: the next start recovers
)

// Own starts a server with settings beside its defaults, like
// "log_min_duration_statement=1s". The test's end ends it.
func Own(t testing.TB, settings ...string) *Server {
	t.Helper()
	s, err := own(settings)
	if s != nil {
		t.Cleanup(func() {
			s.s.stop()
			s.s.output.Close()
			os.RemoveAll(s.s.root)
		})
	}
	if err != nil {
		t.Fatalf("a server of the test's own: %v", err)
	}
	s.t = t
	return s
}

func own(settings []string) (*Server, error) {
	root, err := os.MkdirTemp("", "hammerwork-pgtest-own")
	if err != nil {
		return nil, err
	}
	s, err := initialise(root, append([]string{"max_connections=300", "shared_buffers=256MB", "max_wal_size=2GB"}, settings...))
	if err != nil {
		os.RemoveAll(root)
		return nil, err
	}
	server := &Server{s: s, LogFile: filepath.Join(root, logFile)}
	log, err := os.Create(server.LogFile)
	if err != nil {
		os.RemoveAll(root)
		return nil, err
	}
	s.output = log
	if err := s.run(); err != nil {
		return server, err
	}
	if err := s.answers(); err != nil {
		return server, err
	}
	server.URL, err = s.database("hammerwork")
	return server, err
}

// database makes a database with the schema and returns its URL.
func (s *instance) database(name string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.url)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		return "", err
	}
	u, err := url.Parse(s.url)
	if err != nil {
		return "", err
	}
	u.Path = "/" + name
	q := u.Query()
	q.Set("search_path", "hammerwork,public")
	u.RawQuery = q.Encode()
	return u.String(), migrate(ctx, u.String())
}

// PID returns the process id of the server that runs.
func (s *Server) PID() int { return s.s.cmd.Process.Pid }

// Stop ends the server and returns when it has gone.
func (s *Server) Stop(how syscall.Signal) {
	s.t.Helper()
	s.s.end(how)
	if state := s.s.cmd.ProcessState; state == nil || !state.Exited() {
		s.t.Fatalf("the server did not end by itself within ten seconds: %v", state)
	}
}

// Start starts the server again and returns when it answers.
func (s *Server) Start() {
	s.t.Helper()
	if err := s.s.run(); err != nil {
		s.t.Fatal(fmt.Errorf("start the server again: %w", err))
	}
	if err := s.s.answers(); err != nil {
		s.t.Fatal(err)
	}
}
