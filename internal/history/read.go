package history

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// History is what processes recorded.
type History struct {
	Records []Record // by time; those of one process in its order
	Torn    int      // lines that a kill cut off
}

// Read reads the files of a folder. It is an error when a line cannot be read
// that no kill explains.
func Read(dir string) (History, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*"+suffix))
	if err != nil {
		return History{}, err
	}
	if len(files) == 0 {
		return History{}, fmt.Errorf("%s holds no history: no file is named *%s", dir, suffix)
	}
	var h History
	for _, path := range files {
		if err := h.readFile(path); err != nil {
			return History{}, err
		}
	}
	slices.SortStableFunc(h.Records, func(a, b Record) int { return cmp.Compare(a.Time, b.Time) })
	return h, nil
}

// readFile reads one file. A torn line is its last, or the last before the
// process began again.
func (h *History) readFile(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	torn, n := 0, 0 // torn: the number of the line before, if it was
	for line := range bytes.Lines(text) {
		n++
		var r Record
		whole := bytes.HasSuffix(line, []byte("\n"))
		if err := json.Unmarshal(line, &r); err != nil || r.Kind == "" || !whole {
			if torn > 0 {
				return fmt.Errorf("%s:%d: no record: %.60q", path, torn, line)
			}
			torn = n
			continue
		}
		if torn > 0 && r.Kind != Began {
			return fmt.Errorf("%s:%d: no record, and the process goes on after it", path, torn)
		}
		if torn > 0 {
			h.Torn++
			torn = 0
		}
		h.Records = append(h.Records, r)
	}
	if torn > 0 {
		h.Torn++
	}
	return nil
}
