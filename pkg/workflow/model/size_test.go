package model_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A model is no proof of anything that cannot be read at one sitting.
func TestTheModelHasNoMoreThan700LinesOfCode(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(data)) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "//") {
				lines++
			}
		}
	}
	if lines > 700 || lines < 100 {
		t.Errorf("the model has %d lines without comments and empty ones, want at most 700", lines)
	}
}
