package pgtest

import "syscall"

// dieWithParent makes a server end when its supervisor is killed.
func dieWithParent(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGQUIT }
