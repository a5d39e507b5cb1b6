package mysql

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/store/sqlstore"
)

// The numbers of errors that are acted on.
const (
	codeTooManyConnections = 1040
	codeShutdown           = 1053
	codeDuplicateColumn    = 1060
	codeDuplicate          = 1062
	codeDuplicateKeyName   = 1061
	codeCannotDrop         = 1091
	codeNoTable            = 1146
	codeUserConnections    = 1203
	codeLockTimeout        = 1205 // the statement is undone, not the transaction
	codeDeadlock           = 1213
	codeKilled             = 1927 // MariaDB: the connection was
	codeLockUnavailable    = 3572 // NOWAIT; MariaDB says 1205
)

// conflict says that a transaction met another one and may run again. Two that
// insert the same rows conflict too: the second finds them then.
func conflict(err error) bool {
	return errors.Is(err, sqlstore.ErrConflict) ||
		slices.Contains([]uint16{codeDeadlock, codeLockTimeout, codeLockUnavailable, codeDuplicate}, code(err))
}

// code is the number of an error of the server, or 0.
func code(err error) uint16 {
	var e *mysql.MySQLError
	if errors.As(err, &e) {
		return e.Number
	}
	return 0
}

// translate gives an error of the driver its meaning.
func (d *database) translate(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %w", ctx.Err(), d.hide(err))
	case unavailable(err):
		return fmt.Errorf("%w: %w", store.ErrUnavailable, d.hide(err))
	}
	return d.hide(err)
}

// unavailable says that the server cannot be reached or takes no connection
// now, as opposed to one that refuses this user or what was asked.
func unavailable(err error) bool {
	var own ownError
	var unfit unfitError
	if errors.As(err, &own) || errors.As(err, &unfit) {
		return false
	}
	c := code(err)
	return c == 0 || slices.Contains([]uint16{codeTooManyConnections, codeShutdown, codeUserConnections, codeKilled}, c)
}

// ownError is what this side has to say of a row or a parameter: nothing failed
// on the way.
type ownError struct{ error }

func (e ownError) Unwrap() error { return e.error }

// hide keeps the password out of an error's text, whoever put it there.
func (d *database) hide(err error) error {
	if d.password == "" || !strings.Contains(err.Error(), d.password) {
		return err
	}
	return hidden{strings.ReplaceAll(err.Error(), d.password, "xxxxx"), err}
}

type hidden struct {
	text string
	err  error
}

func (h hidden) Error() string { return h.text }

func (h hidden) Unwrap() error { return h.err }
