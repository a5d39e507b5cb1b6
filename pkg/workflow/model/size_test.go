package model_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A model is no proof of anything that cannot be read at one sitting: each file
// of it is one, workflows being two.
func TestTheModelIsSmallEnoughToBeReadAtOneSitting(t *testing.T) {
	most := map[string]int{"doc.go": 5, "model.go": 300, "rules.go": 270, "parts.go": 135, "spawn.go": 100}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lines := 0
		for line := range strings.Lines(string(data)) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "//") {
				lines++
			}
		}
		if lines > most[file] {
			t.Errorf("%s has %d lines without comments and empty ones, want at most %d", file, lines, most[file])
		}
		delete(most, file)
	}
	for file := range most {
		t.Errorf("%s is gone: its bound with it", file)
	}
}
