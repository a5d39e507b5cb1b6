//go:build unix

package servertest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Kind is a kind of database server.
type Kind struct {
	Name  string   // of the package that gives it to tests
	Users []string // who runs it when we are root, whom it refuses: the first there is
	// Prepare makes the data of a server in an empty folder that is its own, and
	// returns the command that runs it, and its URL.
	Prepare func(root string, who *syscall.Credential) (*exec.Cmd, string, error)
	Answers func(ctx context.Context, url string) error // tries to connect
	Quit    syscall.Signal                              // ends it without a look at its data, which nobody needs
}

// env makes a test binary the supervisor of the server in a folder.
func (k Kind) env() string { return "HAMMERWORK_" + strings.ToUpper(k.Name) + "_SUPERVISOR" }

// inheritedLock is the supervisor's lock, as launch hands it over.
const inheritedLock = 3

// Idle is how long the server runs on when nobody uses it.
const Idle = 5 * time.Second

// Supervise makes this process the supervisor, if Attach started it as one. It
// belongs into the init of the package that gives the server to tests.
func (k Kind) Supervise() {
	dir := os.Getenv(k.env())
	if dir == "" {
		return
	}
	if err := k.supervise(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.WriteFile(filepath.Join(dir, failedFile), []byte(err.Error()), 0o600)
		os.Exit(1)
	}
	os.Exit(0)
}

// supervise runs a server as its child until nobody holds the users' lock any
// more, and leaves nothing of it behind.
func (k Kind) supervise(dir string) error {
	signal.Ignore(syscall.SIGINT, syscall.SIGHUP) // meant for the tests; they go, then we do
	os.Unsetenv(k.env())
	mine := os.NewFile(inheritedLock, SupervisorLock)
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
	s, err := k.start(root)
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
		if unused >= Idle {
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
	kind   Kind
	root   string // its folder
	who    *syscall.Credential
	args   []string // the program and its arguments
	output *os.File // gets what it says
	url    string

	cmd  *exec.Cmd
	gone chan struct{} // closed when it has ended
}

func (k Kind) start(root string) (*instance, error) {
	s, err := k.prepare(root)
	if err != nil {
		return nil, err
	}
	return s, s.run()
}

// prepare makes the data of a server in a folder.
func (k Kind) prepare(root string) (*instance, error) {
	who, err := k.unprivileged()
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(root, 0o700); err != nil {
		return nil, err
	}
	if err := Give(root, who); err != nil {
		return nil, err
	}
	cmd, url, err := k.Prepare(root, who)
	if err != nil {
		return nil, err
	}
	return &instance{kind: k, root: root, who: who, args: cmd.Args, output: os.Stdout, url: url}, nil
}

// run starts the server on its data, as a child of this process.
func (s *instance) run() error {
	cmd := exec.Command(s.args[0], s.args[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.root, s.output, s.output
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.who}
	dieWithParent(cmd.SysProcAttr, s.kind.Quit)
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

// Give makes a file or folder somebody's, unless who is nil.
func Give(path string, who *syscall.Credential) error {
	if who == nil {
		return nil
	}
	return os.Chown(path, int(who.Uid), int(who.Gid))
}

// unprivileged is who runs the server; nil: we do.
func (k Kind) unprivileged() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range k.Users {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, errors.Join(err1, err2)
	}
	return nil, fmt.Errorf("there is no user %s to run a server as", strings.Join(k.Users, " or "))
}

// answers waits until the server takes connections.
func (s *instance) answers() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		err := s.kind.Answers(ctx, s.url)
		if err == nil {
			return nil
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

// stop ends the server without a checkpoint: nobody needs its data.
func (s *instance) stop() { s.end(s.kind.Quit) }

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

// FreePort returns a port of this machine that nobody listens on.
func FreePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
