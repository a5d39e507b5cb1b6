package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/store/sqlstore"
)

// The codes of errors that are acted on.
const (
	codeGuard           = "HW001" // raised by hammerwork_changed
	codeUndefinedTable  = "42P01"
	codeSerialization   = "40001"
	codeDeadlock        = "40P01"
	codeLockUnavailable = "55P03"
	codeUnique          = "23505"
	codePlanChanged     = "0A000" // a migration changed what a prepared statement returns
	codeNoStatement     = "26000"
)

// conflict says that a transaction met another one and may run again. Two
// that insert the same rows conflict too: the second finds them then.
func conflict(err error) bool {
	return errors.Is(err, sqlstore.ErrConflict) ||
		slices.Contains([]string{codeSerialization, codeDeadlock, codeLockUnavailable, codeUnique, codePlanChanged, codeNoStatement}, code(err))
}

// code is the SQLSTATE of an error of the server, or "".
func code(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// translate gives an error of the driver its meaning.
func (d *database) translate(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case code(err) == codeGuard:
		return fmt.Errorf("%w: %w", sqlstore.ErrGuard, err)
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
	var e *pgconn.PgError
	var r ownError
	switch {
	case errors.As(err, &r):
		return false
	case !errors.As(err, &e):
		return true // the network's
	}
	if strings.HasPrefix(e.Code, "08") { // it ends the connection; else it is about what was asked
		return e.SeverityUnlocalized != "ERROR"
	}
	return strings.HasPrefix(e.Code, "57P") || e.Code == "53300"
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
