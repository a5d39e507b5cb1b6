package pgtest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hammerwork/hammerwork/internal/store/servertest"
)

// holdEnv makes this binary one that uses the shared server until it is killed.
const holdEnv = "HAMMERWORK_PGTEST_HOLD"

func TestMain(m *testing.M) {
	if os.Getenv(holdEnv) != "" {
		url, err := kind.Attach()
		fmt.Println(url, err)
		io.Copy(io.Discard, os.Stdin) // until the test ends; a program with nothing to wait for would end as a deadlock
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// elsewhere is a folder for temporary files in which no server is shared yet,
// and which the user of a server may enter.
func elsewhere(t *testing.T) string {
	dir, err := os.MkdirTemp("", "pgt")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// hold starts another test binary and returns the URL of the server it uses.
func hold(t *testing.T, tmp string) (*os.Process, string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), holdEnv+"=1", "TMPDIR="+tmp)
	_, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	url, ok := strings.CutSuffix(strings.TrimSpace(line), " <nil>")
	if err != nil || !ok {
		t.Fatalf("the other binary says %q, %v", line, err)
	}
	return cmd.Process, url
}

func up(url string) bool { return reach(url) == nil }

// reach says why the server does not answer.
func reach(url string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return answers(ctx, url)
}

// gone waits until a condition no longer holds.
func gone(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for range 1200 {
		if !holds() {
			return
		}
		<-time.After(100 * time.Millisecond)
	}
	t.Fatalf("%s is still there", what)
}

func runs(tmp string) bool {
	found, _ := filepath.Glob(filepath.Join(kind.Folder(tmp), "run*"))
	return len(found) > 0
}

func TestTheServerIsSharedAndEndsWhenTheLastOfItsUsersIsKilled(t *testing.T) {
	t.Parallel()
	tmp := elsewhere(t)
	one, url := hold(t, tmp)
	two, other := hold(t, tmp)
	if url != other || !up(url) {
		t.Fatalf("two binaries use %s and %s", url, other)
	}
	one.Kill()
	<-time.After(servertest.Idle + 2*time.Second)
	if err := reach(url); err != nil {
		t.Fatalf("the server ended while somebody used it: %v", err)
	}
	two.Kill()
	gone(t, "the server", func() bool { return up(url) })
	gone(t, "its data", func() bool { return runs(tmp) })
	if _, again := hold(t, tmp); !up(again) {
		t.Error("there is no server for those who come later")
	}
}

func TestTheServerEndsWithItsSupervisor(t *testing.T) {
	t.Parallel()
	tmp := elsewhere(t)
	_, url := hold(t, tmp)
	text, err := os.ReadFile(filepath.Join(kind.Folder(tmp), servertest.SupervisorLock))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(string(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	gone(t, "the server", func() bool { return up(url) })
	if _, again := hold(t, tmp); again == url || !up(again) {
		t.Error("there is no server for those who come later")
	}
}

func TestEachTestHasADatabaseOfItsOwnWithNothingInIt(t *testing.T) {
	for range 2 {
		t.Run("use", func(t *testing.T) {
			one, two := URL(t), URL(t)
			if one == two {
				t.Error("two databases are one")
			}
			config, err := pgx.ParseConfig(strings.Replace(one, "pool_max_conns=4&", "", 1))
			if err != nil {
				t.Fatal(err)
			}
			conn, err := pgx.ConnectConfig(t.Context(), config)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close(t.Context())
			var n int
			if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM queues").Scan(&n); err != nil || n != 0 {
				t.Errorf("%d rows, %v", n, err)
			}
			if _, err := conn.Exec(t.Context(), "INSERT INTO queues (name) VALUES ('left behind')"); err != nil {
				t.Error(err)
			}
		})
	}
}
