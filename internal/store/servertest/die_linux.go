package servertest

import "syscall"

// dieWithParent makes a server end when its supervisor is killed.
func dieWithParent(a *syscall.SysProcAttr, quit syscall.Signal) { a.Pdeathsig = quit }
