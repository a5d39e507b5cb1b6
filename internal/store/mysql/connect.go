package mysql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	mysqldriver "github.com/go-sql-driver/mysql"
)

// recursion bounds how deep a graph is followed: no graph comes near. MariaDB
// would leave out the rest without a word, after 1,000 steps.
const recursion = 100_000_000

// settings are what every connection is set to. What is in a comment is for one
// of the two servers, which have their own names for it.
const settings = `SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;
SET SESSION time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', autocommit = 1,
	innodb_lock_wait_timeout = %d, lock_wait_timeout = %d
	/*M!100600 , max_recursive_iterations = %[3]d, max_statement_time = 30 */
	/*!80000 , cte_max_recursion_depth = %[3]d, max_execution_time = 30000 */`

// asked are the variables that tell whether a connection is as it must be.
const asked = `SHOW SESSION VARIABLES WHERE Variable_name IN ('version', 'tx_isolation', 'transaction_isolation', 'time_zone', 'sql_mode',
	'max_recursive_iterations', 'cte_max_recursion_depth', 'max_allowed_packet', 'log_bin', 'binlog_format')`

// minPacket is the least max_allowed_packet of a server: what is sent at once
// stays below half of it.
const minPacket = 16 << 20

// connector makes connections that are set up, and refuses those that are not.
type connector struct {
	driver.Connector
	settings string
	timeout  time.Duration // for all of it: the driver's is for the dialling only
}

// pool opens the connections that a config asks for, when they are needed, each
// as wrap has it.
func (c config) pool(wrap func(driver.Connector) driver.Connector) (*sql.DB, error) {
	base, err := mysqldriver.NewConnector(c.driver)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(wrap(connector{base, fmt.Sprintf(settings, c.lockWait, c.metaWait, recursion), c.driver.Timeout}))
	db.SetMaxOpenConns(c.connections)
	db.SetMaxIdleConns(c.connections)
	return db, nil
}

// Connect implements driver.Connector.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.setUp(ctx, conn); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

func (c connector) setUp(ctx context.Context, conn driver.Conn) error {
	if _, err := conn.(driver.ExecerContext).ExecContext(ctx, c.settings, nil); err != nil {
		return fmt.Errorf("set up a connection: %w", err)
	}
	rows, err := conn.(driver.QueryerContext).QueryContext(ctx, asked, nil)
	if err != nil {
		return fmt.Errorf("look at a connection: %w", err)
	}
	defer rows.Close()
	found := make(map[string]string)
	line := make([]driver.Value, len(rows.Columns()))
	for {
		switch err := rows.Next(line); {
		case errors.Is(err, io.EOF):
			return fit(found)
		case err != nil:
			return fmt.Errorf("look at a connection: %w", err)
		}
		found[strings.ToLower(text(line[0]))] = text(line[1])
	}
}

func text(v driver.Value) string {
	if b, ok := v.([]byte); ok {
		return string(b)
	}
	return fmt.Sprint(v)
}

// unfitError says why a server, or a connection to it, cannot be used.
type unfitError struct{ why string }

func (e unfitError) Error() string { return e.why }

// fit says whether a connection with these variables can be used.
func fit(v map[string]string) error {
	either := func(a, b string) string { return v[a] + v[b] } // a server has one of them
	number := func(text string) int64 { n, _ := strconv.ParseInt(text, 10, 64); return n }
	switch {
	case !supported(v["version"]):
		return unfitError{fmt.Sprintf("the server is %s; MySQL 8.0 or MariaDB 10.6 is the oldest that will do", v["version"])}
	case either("tx_isolation", "transaction_isolation") != "READ-COMMITTED":
		return unfitError{"the connection's isolation level is " + either("tx_isolation", "transaction_isolation") + ", not READ-COMMITTED"}
	case v["time_zone"] != "+00:00":
		return unfitError{"the connection's time zone is " + v["time_zone"] + ", not +00:00"}
	case !strings.Contains(v["sql_mode"], "STRICT_ALL_TABLES"):
		return unfitError{"the connection's sql_mode is " + v["sql_mode"] + ", which is not strict"}
	case number(either("max_recursive_iterations", "cte_max_recursion_depth")) < recursion:
		return unfitError{"the connection bounds recursion: the server does not let it be set"}
	case number(v["max_allowed_packet"]) < minPacket:
		return unfitError{fmt.Sprintf("the server's max_allowed_packet is %s; set it to %d or more", v["max_allowed_packet"], minPacket)}
	case v["log_bin"] == "ON" && v["binlog_format"] == "STATEMENT":
		return unfitError{"the server's binlog_format is STATEMENT, which cannot be used at READ COMMITTED; set it to ROW or MIXED"}
	}
	return nil
}

// supported tells MySQL 8.0 and MariaDB 10.6, and what came after them, from
// older ones.
func supported(version string) bool {
	major, rest, _ := strings.Cut(version, ".")
	minor, _, _ := strings.Cut(rest, ".")
	a, _ := strconv.Atoi(major)
	b, _ := strconv.Atoi(minor)
	if strings.Contains(strings.ToLower(version), "mariadb") {
		return a > 10 || a == 10 && b >= 6
	}
	return a >= 8
}
