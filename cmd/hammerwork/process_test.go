package main

import (
	"context"
	"os/exec"
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/internal/rigtest"
)

// patience is how long a test waits for what must come.
const patience = rigtest.Patience

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
