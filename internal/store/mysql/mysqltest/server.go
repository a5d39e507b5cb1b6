//go:build unix

package mysqltest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	driver "github.com/go-sql-driver/mysql"

	"github.com/hammerwork/hammerwork/internal/store/servertest"
)

var kind = servertest.Kind{
	Name: "mysqltest", Users: []string{"mysql", "nobody"}, Prepare: prepare, Answers: answers, Quit: syscall.SIGKILL,
}

func init() { kind.Supervise() }

// prepare makes a server for one user with a password, who may do everything.
func prepare(root string, who *syscall.Credential) (*exec.Cmd, string, error) {
	server, err := find("mariadbd")
	if err != nil {
		return nil, "", err
	}
	install, err := find("mariadb-install-db")
	if err != nil {
		return nil, "", err
	}
	data := filepath.Join(root, "data")
	temporary := "--tmpdir=" + root // at its start a server removes the temporary tables there, whosever they are
	fill := exec.Command(install, "--no-defaults", "--datadir="+data, temporary, "--skip-test-db", "--auth-root-authentication-method=normal", "--skip-name-resolve")
	fill.Dir = root
	fill.SysProcAttr = &syscall.SysProcAttr{Credential: who}
	if out, err := fill.CombinedOutput(); err != nil {
		return nil, "", fmt.Errorf("%s: %w\n%s", install, err, out)
	}
	password := rand.Text()
	grants := filepath.Join(root, "grants.sql") // run at each start
	text := fmt.Sprintf("CREATE USER IF NOT EXISTS hammerwork@'127.0.0.1' IDENTIFIED BY '%s';\nGRANT ALL ON *.* TO hammerwork@'127.0.0.1' WITH GRANT OPTION;\nDROP USER IF EXISTS root@localhost;\n", password)
	if err := errors.Join(os.WriteFile(grants, []byte(text), 0o600), servertest.Give(grants, who)); err != nil {
		return nil, "", err
	}
	port, err := servertest.FreePort()
	if err != nil {
		return nil, "", err
	}
	cmd := exec.Command(server, "--no-defaults", "--datadir="+data, temporary, "--socket="+filepath.Join(root, "s"), "--pid-file="+filepath.Join(root, "pid"),
		"--bind-address=127.0.0.1", fmt.Sprintf("--port=%d", port), "--skip-name-resolve", "--skip-log-bin", "--init-file="+grants,
		"--max-connections=500", "--innodb-buffer-pool-size=256M", "--innodb-log-file-size=256M", "--innodb-log-buffer-size=16M",
		"--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync", "--innodb-doublewrite=0", "--innodb-fast-shutdown=2",
		"--innodb-stats-persistent=0", "--innodb-file-per-table=0", "--performance-schema=OFF", "--max-allowed-packet=16M", "--table-open-cache=4000")
	address := url.URL{Scheme: "mysql", User: url.UserPassword("hammerwork", password), Host: fmt.Sprintf("127.0.0.1:%d", port), Path: "/mysql"}
	return cmd, address.String(), nil
}

// find returns the path of a program of a server.
func find(name string) (string, error) {
	for _, path := range []string{name, "/usr/sbin/" + name, "/usr/bin/" + name} {
		if found, err := exec.LookPath(path); err == nil {
			return found, nil
		}
	}
	return "", fmt.Errorf("no MariaDB server is installed: %s is not in PATH; scripts/setup installs one, or set %s", name, Env)
}

func answers(ctx context.Context, rawURL string) error {
	db, err := open(rawURL)
	if err != nil {
		return err
	}
	defer db.Close()
	return db.PingContext(ctx)
}

// open opens a database with nothing set that a store needs.
func open(rawURL string) (*sql.DB, error) {
	u, err := url.Parse(rawURL)
	if err != nil || u.User == nil {
		return nil, errors.New("it cannot be read as a URL")
	}
	c := driver.NewConfig()
	c.User = u.User.Username()
	c.Passwd, _ = u.User.Password()
	c.Net, c.Addr, c.DBName = "tcp", u.Host, strings.TrimPrefix(u.Path, "/")
	c.Logger = &driver.NopLogger{}
	if u.Port() == "" {
		c.Addr += ":3306"
	}
	if socket := u.Query().Get("socket"); socket != "" {
		c.Net, c.Addr = "unix", socket
	}
	connector, err := driver.NewConnector(c)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}
