package mysql

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	driver "github.com/go-sql-driver/mysql"

	"github.com/hammerwork/hammerwork/internal/store/dial"
)

// connections is the size of a pool whose URL does not set pool_max_conns.
const connections = 10

// silence is how long an answer may take: longer than any statement may run.
const silence = 60 * time.Second

// config is what a database URL says.
type config struct {
	driver      *driver.Config
	connections int
	lockWait    int // seconds, for rows
	metaWait    int // seconds, for tables
}

// parse reads a database URL: mysql://user:password@host:3306/database. Its
// parameters are tls (true, skip-verify or preferred), socket (the path of one,
// instead of a host), connect_timeout (seconds), pool_max_conns and
// lock_wait_timeout (seconds). Its errors do not show the password.
func parse(rawURL string) (config, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return config{}, errors.New("it cannot be read; a character like @, / or # in the password is written %40, %2F, %23")
	}
	c := config{driver: driver.NewConfig(), connections: connections, lockWait: 10, metaWait: 30}
	d := c.driver
	d.User = u.User.Username()
	d.Passwd, _ = u.User.Password()
	d.DBName = strings.TrimPrefix(u.Path, "/")
	if u.Scheme != "mysql" || d.DBName == "" || strings.Contains(d.DBName, "/") {
		return config{}, errors.New("it names no database: mysql://user:password@host:3306/database")
	}
	port := u.Port()
	if port == "" {
		port = "3306"
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return config{}, errors.New("its port is not between 1 and 65535")
	}
	d.Net, d.Addr = "tcp", net.JoinHostPort(u.Hostname(), port)
	d.Timeout, d.ReadTimeout, d.WriteTimeout = dial.ConnectTimeout, silence, silence
	d.DialFunc = dial.Dialer.DialContext
	d.MultiStatements, d.InterpolateParams, d.ClientFoundRows = true, true, true
	d.MaxAllowedPacket = 0 // the server's
	d.Logger = &driver.NopLogger{}
	for name, values := range u.Query() {
		if err := c.set(name, values[len(values)-1]); err != nil {
			return config{}, err
		}
	}
	if u.Hostname() == "" && d.Net == "tcp" {
		return config{}, errors.New("it names no host and no socket")
	}
	return c, nil
}

func (c *config) set(name, value string) (err error) {
	d, seconds := c.driver, 0
	switch name {
	case "tls":
		if value != "true" && value != "false" && value != "skip-verify" && value != "preferred" {
			return errors.New("its tls is not true, false, skip-verify or preferred")
		}
		d.TLSConfig = value
	case "socket":
		if !filepath.IsAbs(value) {
			return errors.New("its socket is not an absolute path")
		}
		d.Net, d.Addr = "unix", value
	case "connect_timeout":
		seconds, err = positive(name, value)
		d.Timeout = time.Duration(seconds) * time.Second
	case "pool_max_conns":
		c.connections, err = positive(name, value)
	case "lock_wait_timeout":
		c.lockWait, err = positive(name, value)
	default:
		return fmt.Errorf("its parameter %s is unknown", name)
	}
	return err
}

func positive(name, value string) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("its %s is no number above 0", name)
	}
	return n, nil
}
