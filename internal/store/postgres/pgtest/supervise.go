//go:build unix

package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// supervisorEnv makes a test binary the supervisor of the server in a folder.
const supervisorEnv = "HAMMERWORK_PGTEST_SUPERVISOR"

// inheritedLock is the supervisor's lock, as launch hands it over.
const inheritedLock = 3

// idle is how long the server runs on when nobody uses it.
const idle = 5 * time.Second

func init() {
	dir := os.Getenv(supervisorEnv)
	if dir == "" {
		return
	}
	if err := supervise(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.WriteFile(filepath.Join(dir, failedFile), []byte(err.Error()), 0o600)
		os.Exit(1)
	}
	os.Exit(0)
}

// supervise runs a server as its child until nobody holds the users' lock any
// more, and leaves nothing of it behind.
func supervise(dir string) error {
	signal.Ignore(syscall.SIGINT, syscall.SIGHUP) // meant for the tests; they go, then we do
	os.Unsetenv(supervisorEnv)
	mine := os.NewFile(inheritedLock, supervisorLock)
	syscall.CloseOnExec(inheritedLock) // the server must not keep it
	defer mine.Close()
	if err := errors.Join(mine.Truncate(0), writeTo(mine, fmt.Sprint(os.Getpid()))); err != nil {
		return err
	}
	root, err := os.MkdirTemp(dir, "run")
	if err != nil {
		return err
	}
	defer os.RemoveAll(root)
	s, err := start(root)
	if err != nil {
		return err
	}
	defer s.stop()
	if err := s.answers(); err != nil {
		return err
	}
	// Whole, or not there.
	whole := filepath.Join(root, urlFile)
	if err := errors.Join(os.WriteFile(whole, []byte(s.url), 0o600), os.Rename(whole, filepath.Join(dir, urlFile))); err != nil {
		return err
	}
	s.serve(dir)
	return nil
}

func writeTo(f *os.File, text string) error {
	_, err := f.WriteString(text)
	return err
}

// serve stops the server and returns when nobody has used it for a while. It
// holds the users' lock then: who comes now waits, and starts another.
func (s *instance) serve(dir string) {
	unused := time.Duration(0)
	const look = 250 * time.Millisecond
	for range time.Tick(look) {
		select {
		case <-s.gone:
			return
		default:
		}
		users, err := lock(filepath.Join(dir, usersLock), syscall.LOCK_EX|syscall.LOCK_NB)
		if errors.Is(err, os.ErrNotExist) {
			s.stop() // somebody removed the folder
			return
		}
		if err != nil {
			unused = 0
			continue
		}
		unused += look
		if unused >= idle {
			os.Remove(filepath.Join(dir, urlFile))
			s.stop()
			users.Close()
			return
		}
		users.Close()
	}
}

// instance is a server.
type instance struct {
	url  string
	who  *syscall.Credential // runs it; nil: who we are
	args []string            // the program and its arguments
	root string              // its folder

	output *os.File // gets what it says

	cmd  *exec.Cmd
	gone chan struct{} // closed when it has ended
}

// quick are settings of a server whose data nobody needs when it has ended.
var quick = []string{
	"max_connections=300", "shared_buffers=256MB",
	"fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_wal_size=2GB",
}

// start makes a server in a folder and starts it.
func start(root string) (*instance, error) {
	s, err := initialise(root, quick)
	if err != nil {
		return nil, err
	}
	return s, s.run()
}

// initialise makes the data of a server in a folder.
func initialise(root string, settings []string) (*instance, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	who, err := unprivileged()
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(root, 0o700); err != nil {
		return nil, err
	}
	if who != nil {
		if err := os.Chown(root, int(who.Uid), int(who.Gid)); err != nil {
			return nil, err
		}
	}
	password := rand.Text()
	secret := filepath.Join(root, "password")
	if err := os.WriteFile(secret, []byte(password), 0o600); err != nil {
		return nil, err
	}
	if who != nil {
		if err := os.Chown(secret, int(who.Uid), int(who.Gid)); err != nil {
			return nil, err
		}
	}
	data := filepath.Join(root, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", "hammerwork", "-E", "UTF8", "--locale=C",
		"-A", "md5", "--pwfile", secret, "--no-sync", "--no-instructions")
	initdb.Dir = root
	initdb.SysProcAttr = &syscall.SysProcAttr{Credential: who}
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	s := &instance{who: who, root: root, output: os.Stderr, args: []string{filepath.Join(bin, "postgres"), "-D", data, "-k", root, "-p", fmt.Sprint(port), "-c", "listen_addresses=127.0.0.1"}}
	for _, setting := range settings {
		s.args = append(s.args, "-c", setting)
	}
	s.url = (&url.URL{Scheme: "postgres", User: url.UserPassword("hammerwork", password), Host: fmt.Sprintf("127.0.0.1:%d", port), Path: "/postgres", RawQuery: "sslmode=disable"}).String()
	return s, nil
}

// run starts the server on its data, as a child of this process.
func (s *instance) run() error {
	cmd := exec.Command(s.args[0], s.args[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.root, s.output, s.output
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.who}
	dieWithParent(cmd.SysProcAttr)
	gone := make(chan struct{})
	s.cmd, s.gone = cmd, gone
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // the server dies with the thread that started it
		err := cmd.Start()
		started <- err
		if err == nil {
			cmd.Wait()
		}
		close(gone)
	}()
	return <-started
}

// answers waits until the server takes connections.
func (s *instance) answers() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, s.url)
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-s.gone:
			return errors.New("the server ended at its start; see its log")
		case <-ctx.Done():
			return fmt.Errorf("the server does not answer: %w", err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// stop ends the server without a checkpoint.
func (s *instance) stop() { s.end(syscall.SIGQUIT) }

// end ends the server with a signal.
func (s *instance) end(how syscall.Signal) {
	select {
	case <-s.gone:
		return
	default:
	}
	s.cmd.Process.Signal(how)
	select {
	case <-s.gone:
	case <-time.After(10 * time.Second):
		s.cmd.Process.Kill()
		<-s.gone
	}
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
