package serve

import (
	"errors"
	"fmt"

	"github.com/gofrs/flock"
)

// ErrInUse says that another process runs the engine on a SQLite file.
var ErrInUse = errors.New("another process uses the data")

// LockFile makes this process the only engine on a SQLite file. The lock goes
// with the process. Others may still write to the file, to enqueue.
func LockFile(path string) (unlock func() error, err error) {
	lock := flock.New(path + ".lock")
	mine, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	if !mine {
		return nil, fmt.Errorf("%s: %w", path, ErrInUse)
	}
	return lock.Unlock, nil
}
