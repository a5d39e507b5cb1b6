package mysql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"testing"
)

// gone is a connection that its server has ended, as the driver finds out when
// it says goodbye.
type gone struct{ driver.Conn }

func (gone) Close() error { return errors.New("bad connection") }

func (c gone) Connect(context.Context) (driver.Conn, error) { return c, nil }

func (gone) Driver() driver.Driver { return nil }

// A service that is stopped after an outage of its database ends in good order.
func TestConnectionsThatTheServerHasEndedAreClosedWithoutAnError(t *testing.T) {
	d := &database{pool: sql.OpenDB(gone{})}
	conn, err := d.pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil { // it stays in the pool
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}
