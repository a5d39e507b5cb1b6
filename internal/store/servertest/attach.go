//go:build unix

package servertest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// Files in the folder of the shared server.
const (
	usersLock      = "users.lock"      // every test binary holds it shared, for as long as it lives
	startLock      = "start.lock"      // who starts or stops the server
	SupervisorLock = "supervisor.lock" // the supervisor holds it; its process id is in it
	urlFile        = "url"             // of the server, once it answers
	failedFile     = "failed"          // why it did not start
	logFile        = "log"
)

// held are the locks of this process. They end with it.
var held []*os.File

// Folder is where the shared server of a kind is, in a folder for temporary
// files.
func (k Kind) Folder(tmp string) string {
	return filepath.Join(tmp, "hammerwork-"+k.Name+"-"+strconv.Itoa(os.Getuid()))
}

// Attach returns the URL of the shared server, which is started if need be. It
// runs until this process has ended.
func (k Kind) Attach() (string, error) {
	dir := k.Folder(os.TempDir())
	if err := folder(dir); err != nil {
		return "", err
	}
	users, err := lock(filepath.Join(dir, usersLock), syscall.LOCK_SH)
	if err != nil {
		return "", err
	}
	held = append(held, users)
	start, err := lock(filepath.Join(dir, startLock), syscall.LOCK_EX)
	if err != nil {
		return "", err
	}
	defer start.Close()
	return k.await(dir)
}

// folder makes the folder, or makes sure that it is ours.
func folder(dir string) error {
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if s, ok := info.Sys().(*syscall.Stat_t); !info.IsDir() || !ok || int(s.Uid) != os.Getuid() {
		return fmt.Errorf("%s belongs to somebody else; remove it or set TMPDIR", dir)
	}
	return nil
}

// lock opens a file and locks it as how says.
func lock(path string, how int) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), how)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// launch starts a supervisor: this very binary, see Supervise. It is no part of
// this test run, neither by its process group nor by its output. It inherits the
// supervisor's lock, so that at no time nobody has it.
func (k Kind) launch(dir string, lock *os.File) error {
	left, err := filepath.Glob(filepath.Join(dir, "run*")) // by a supervisor that was killed
	if err != nil {
		return err
	}
	for _, path := range append(left, filepath.Join(dir, urlFile), filepath.Join(dir, failedFile)) {
		if err := os.RemoveAll(path); err != nil {
			return err
		}
	}
	log, err := os.Create(filepath.Join(dir, logFile))
	if err != nil {
		return err
	}
	defer log.Close()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), k.env()+"="+dir)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	cmd.ExtraFiles = []*os.File{lock}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	return cmd.Process.Release()
}

// await waits until a supervisor says how it went. When there is none, or the
// one that ends has gone, it starts one.
func (k Kind) await(dir string) (string, error) {
	launched := false
	for range 600 {
		mine, err := lock(filepath.Join(dir, SupervisorLock), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			if text, err := os.ReadFile(filepath.Join(dir, failedFile)); launched && err == nil {
				mine.Close()
				return "", errors.New(string(text))
			}
			err = k.launch(dir, mine)
			mine.Close()
			if err != nil {
				return "", err
			}
			launched = true
		} else if text, err := os.ReadFile(filepath.Join(dir, urlFile)); err == nil {
			return string(text), nil
		}
		<-time.After(100 * time.Millisecond) // another process; there is nothing to wait on
	}
	return "", fmt.Errorf("the server did not start within a minute; see %s", filepath.Join(dir, logFile))
}
