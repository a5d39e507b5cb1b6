//go:build unix

package pgtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/jackc/pgx/v5"

	"github.com/hammerwork/hammerwork/internal/store/servertest"
)

var kind = servertest.Kind{
	Name: "pgtest", Users: []string{"postgres", "nobody"}, Prepare: prepare, Answers: answers, Quit: syscall.SIGQUIT,
}

func init() { kind.Supervise() }

// prepare makes a cluster for one superuser with a password.
func prepare(root string, who *syscall.Credential) (*exec.Cmd, string, error) {
	bin, err := binaries()
	if err != nil {
		return nil, "", err
	}
	password := rand.Text()
	secret := filepath.Join(root, "password")
	if err := os.WriteFile(secret, []byte(password), 0o600); err != nil {
		return nil, "", err
	}
	if err := servertest.Give(secret, who); err != nil {
		return nil, "", err
	}
	data := filepath.Join(root, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", "hammerwork", "-E", "UTF8", "--locale=C",
		"-A", "md5", "--pwfile", secret, "--no-sync", "--no-instructions")
	initdb.Dir = root
	initdb.SysProcAttr = &syscall.SysProcAttr{Credential: who}
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, "", fmt.Errorf("initdb: %w\n%s", err, out)
	}
	port, err := servertest.FreePort()
	if err != nil {
		return nil, "", err
	}
	cmd := exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-k", root, "-p", fmt.Sprint(port),
		"-c", "listen_addresses=127.0.0.1", "-c", "max_connections=300", "-c", "shared_buffers=256MB",
		"-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "max_wal_size=2GB")
	address := url.URL{Scheme: "postgres", User: url.UserPassword("hammerwork", password), Host: fmt.Sprintf("127.0.0.1:%d", port), Path: "/postgres", RawQuery: "sslmode=disable"}
	return cmd, address.String(), nil
}

func answers(ctx context.Context, url string) error {
	conn, err := pgx.Connect(ctx, url)
	if err == nil {
		err = conn.Close(ctx)
	}
	return err
}
