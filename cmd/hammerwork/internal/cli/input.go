package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/pkg/workflow/spelling"
	"github.com/hammerwork/hammerwork/pkg/workflow/workflowfile"
)

// maxInput bounds what is read of a file, in bytes.
const maxInput = workflowfile.DefaultMaxBytes

// loaded is a workflow file, read.
type loaded struct {
	*workflow.Workflow
	Digest string // of the bytes and of what --set added
}

// fileFlags gives a command flags about the workflow file that it reads.
func (a *app) fileFlags(c *cobra.Command) { limitFlags(c.Flags(), &a.limits) }

// load reads and validates a workflow file; "-" is standard input.
func (a *app) load(path string, set map[string]string) (loaded, error) {
	name, data, err := a.readNamed(path, "workflow file")
	if err != nil {
		return loaded{}, err
	}
	w, err := workflowfile.Parse(name, data, workflowfile.Options{Set: set, Limits: a.limits})
	if err != nil {
		return loaded{}, err
	}
	return loaded{w, digest(data, set)}, nil
}

// readNamed reads a file the user named, and its name for messages; "-" is
// standard input.
func (a *app) readNamed(path, what string) (name string, data []byte, err error) {
	if path == "-" {
		const name = "<stdin>"
		data, err = readAll(a.in, name)
		return name, data, err
	}
	data, err = readInput(path, what)
	return path, data, err
}

// digest identifies a definition.
func digest(data []byte, set map[string]string) string {
	h := sha256.New()
	h.Write(data)
	for _, key := range slices.Sorted(maps.Keys(set)) {
		fmt.Fprintf(h, "\x00%s\x00%s", key, set[key])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// readInput reads a file the user named; what says what it should be.
func readInput(path, what string) ([]byte, error) {
	if path == "" {
		return nil, &usageError{fmt.Errorf("the name of the %s is empty", what), "give its path"}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, cannotRead(path, what, err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, isDirectory(path, what)
	}
	return readAll(f, path)
}

func readAll(r io.Reader, name string) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxInput+1))
	if err != nil {
		return nil, &usageError{fmt.Errorf("read %s: %w", name, err), ""}
	}
	if len(data) > maxInput {
		return nil, &usageError{fmt.Errorf("%s has more than %d MiB", name, maxInput>>20), "keep large payloads outside and pass their place"}
	}
	return data, nil
}

func cannotRead(path, what string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		hint := fmt.Sprintf("give the path of a %s", what)
		if other := similarFile(path); other != "" {
			hint = fmt.Sprintf("did you mean %s?", other)
		}
		return &usageError{fmt.Errorf("%s does not exist", path), hint}
	case errors.Is(err, fs.ErrPermission):
		return &usageError{fmt.Errorf("%s may not be read", path), "look at its permissions"}
	}
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return &usageError{fmt.Errorf("read %s: %w", path, err), ""}
}

// isDirectory names the files of a directory that may be meant.
func isDirectory(path, what string) error {
	hint := fmt.Sprintf("name the %s in it", what)
	if files := workflowFiles(path); len(files) > 0 {
		for i := range files {
			files[i] = filepath.Join(path, files[i])
		}
		hint = "name a file in it, like " + strings.Join(files[:min(3, len(files))], " or ")
	}
	return &usageError{fmt.Errorf("%s is a directory", path), hint}
}

// similarFile returns a file beside path whose name is close to it, or "".
func similarFile(path string) string {
	dir, base := filepath.Split(path)
	files := workflowFiles(filepath.Clean(dir + "."))
	stem := strings.TrimSuffix(base, filepath.Ext(base))
	for _, f := range files {
		if strings.TrimSuffix(f, filepath.Ext(f)) == stem {
			return dir + f
		}
	}
	if f := spelling.Nearest(base, files); f != "" {
		return dir + f
	}
	return ""
}

// workflowFiles returns the names of the YAML and JSON files of a directory.
func workflowFiles(dir string) []string {
	const enough = 1000
	d, err := os.Open(dir)
	if err != nil {
		return nil
	}
	defer d.Close()
	names, _ := d.Readdirnames(enough) // what could be read is good enough for a hint
	names = slices.DeleteFunc(names, func(name string) bool {
		return !slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(name))
	})
	slices.Sort(names)
	return names
}
