package rigtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// natsBinary builds a nats-server of the version in go.mod, unless it is in
// the build cache, and returns its path there.
var natsBinary = sync.OnceValues(func() (string, error) {
	build := exec.Command("go", "tool", "-n", "nats-server")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false")
	path, err := build.Output()
	if err != nil {
		var failed *exec.ExitError
		if errors.As(err, &failed) {
			err = fmt.Errorf("%w\n%s", err, failed.Stderr)
		}
		return "", fmt.Errorf("build nats-server: %w", err)
	}
	return strings.TrimSpace(string(path)), nil
})

// NATS starts a nats-server on a port, 0 for a free one, and returns its URL.
func NATS(t testing.TB, port int) (url string, p *Process) {
	t.Helper()
	bin, err := natsBinary()
	if err != nil {
		t.Fatal(err)
	}
	if port == 0 {
		port = FreePort(t)
	}
	p = Start(t, nil, bin, "-a", "127.0.0.1", "-p", fmt.Sprint(port))
	p.Says("Server is ready")
	return fmt.Sprintf("nats://127.0.0.1:%d", port), p
}
