package cli

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAHistoryIsWrittenOnlyWhereItIsAskedFor(t *testing.T) {
	r, err := (&historyFlag{}).open("worker", "w")
	if r != nil || err != nil {
		t.Errorf("without a folder: %v, %v", r, err)
	}
	dir := filepath.Join(t.TempDir(), "history")
	for _, name := range []string{"w", ""} {
		r, err := (&historyFlag{dir}).open("worker", name)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 2 || !strings.HasPrefix(files[0].Name(), "worker-") {
		t.Errorf("the folder holds %v, %v", files, err)
	}
}

func TestAFolderOfAHistoryThatCannotBeMadeIsNamedWithAHint(t *testing.T) {
	taken := filepath.Join(t.TempDir(), "taken")
	if err := os.WriteFile(taken, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := (&historyFlag{filepath.Join(taken, "history")}).open("worker", "w")
	var hint *hintError
	if !errors.As(err, &hint) || !strings.Contains(err.Error(), "--history-dir "+taken) {
		t.Errorf("%v", err)
	}
}
