package history

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// suffix ends the names of the files of processes.
const suffix = ".jsonl"

// perWrite bounds the records of one write.
const perWrite = 500

// Recorder records what one process did. A nil Recorder records nothing. Its
// methods may be called from any goroutine.
type Recorder struct {
	process, instance string
	pid               int
	now               func() time.Time
	keep              func([]Record) error // called by one at a time

	mu    sync.Mutex
	file  *os.File // nil: to memory
	torn  bool     // the file ends within a line of an earlier instance
	last  int64
	fault error // the first
}

// Open returns a recorder to the file of a process in a folder, which it makes.
// A process that is started again under the same name goes on in its file.
func Open(dir, process string) (*Recorder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the history: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(dir, fileName(process)), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the history of %s: %w", process, err)
	}
	var id [6]byte
	_, _ = rand.Read(id[:]) // it never fails
	r := &Recorder{process: process, instance: hex.EncodeToString(id[:]), pid: os.Getpid(), now: time.Now, file: file}
	r.keep = r.write
	if r.torn, err = endsTorn(file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	r.Record(Record{Kind: Began, PID: r.pid})
	if r.fault != nil {
		return nil, errors.Join(r.fault, file.Close())
	}
	return r, nil
}

// fileName is the file of a process: its name, with what a file's name should
// not have in it replaced.
func fileName(process string) string {
	plain := func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("-_.+", c) {
			return c
		}
		return '_'
	}
	return strings.TrimLeft(strings.Map(plain, process), ".") + suffix
}

func endsTorn(file *os.File) (bool, error) {
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil || size == 0 {
		return false, err
	}
	var last [1]byte
	_, err = file.ReadAt(last[:], size-1)
	return last[0] != '\n', err
}

// Record notes what happened, in order, at the time of the call. A record that
// cannot be written is lost; Close tells.
func (r *Recorder) Record(list ...Record) {
	if r == nil || len(list) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	// A clock that is set back does not turn the order around.
	r.last = max(r.last, r.now().UnixNano())
	for i := range list {
		list[i].Time, list[i].Process, list[i].Instance = r.last, r.process, r.instance
	}
	for len(list) > 0 {
		n := min(len(list), perWrite)
		if err := r.keep(list[:n]); err != nil && r.fault == nil {
			r.fault = fmt.Errorf("history of %s: %w", r.process, err)
		}
		list = list[n:]
	}
}

// write appends records to the file in one write.
func (r *Recorder) write(list []Record) error {
	var lines []byte
	if r.torn {
		lines, r.torn = append(lines, '\n'), false
	}
	for _, record := range list {
		line, err := json.Marshal(record)
		if err != nil {
			return err
		}
		lines = append(append(lines, line...), '\n')
	}
	_, err := r.file.Write(lines)
	return err
}

// Close notes that the process ends in good order. It returns the first record
// that could not be written.
func (r *Recorder) Close() error {
	if r == nil {
		return nil
	}
	r.Record(Record{Kind: Ended})
	if r.file == nil {
		return r.fault
	}
	return errors.Join(r.fault, r.file.Close())
}

// Killed notes that a process was killed.
func (r *Recorder) Killed(pid int) { r.Record(Record{Kind: Killed, PID: pid}) }

// Suspended notes that a process does not run until it is Resumed.
func (r *Recorder) Suspended(pid int) { r.Record(Record{Kind: Suspended, PID: pid}) }

// Resumed notes that a suspended process goes on.
func (r *Recorder) Resumed(pid int) { r.Record(Record{Kind: Resumed, PID: pid}) }

// Stopping notes that a process was asked to end.
func (r *Recorder) Stopping(pid int) { r.Record(Record{Kind: Stopping, PID: pid}) }

// Away notes that something that all need is not there: "database", "nats".
func (r *Recorder) Away(what string) { r.Record(Record{Kind: Away, What: what}) }

// Back notes that it is there again.
func (r *Recorder) Back(what string) { r.Record(Record{Kind: Back, What: what}) }

// PID is that of the process.
func (r *Recorder) PID() int { return r.pid }

// Now is the time of a record that is made now.
func (r *Recorder) Now() time.Time { return r.now() }
