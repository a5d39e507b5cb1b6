//go:build unix && !linux

package servertest

import "syscall"

// dieWithParent can do nothing here: a server whose supervisor is killed runs
// on.
func dieWithParent(*syscall.SysProcAttr, syscall.Signal) {}
