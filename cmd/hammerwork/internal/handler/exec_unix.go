//go:build unix

package handler

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// ownGroup puts cmd and what it starts into a process group of their own, and
// makes the end of its context a SIGTERM to all of them.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error {
		err := syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		if errors.Is(err, syscall.ESRCH) {
			return os.ErrProcessDone
		}
		return err
	}
}

// killGroup kills what is left of cmd's process group after cmd ended.
func killGroup(cmd *exec.Cmd) {
	// The only error is that nothing is left, or nothing that may be killed.
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
}
