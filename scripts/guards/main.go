// Command guards proves that every guard of the engine is held by a test. It
// removes one guard at a time, in an overlay that leaves the source as it is,
// and runs the tests until one fails.
//
//	go run ./scripts/guards              prints the table; exit 1 when the removal of a guard goes unseen
//	go run ./scripts/guards -write       also writes docs/guards.md and what caught each removal
//	go run ./scripts/guards -only NAME   one guard, or all whose name begins so
//	go run ./scripts/guards -new         guards that nothing is known to catch: delete a line of caught.txt to make one new
//
// It runs in the module's root, one test after the other: about fifteen minutes
// on two processors when what caught each removal before still does.
package main

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"
)

const (
	caughtFile = "scripts/guards/caught.txt"
	tableFile  = "docs/guards.md"
)

func main() {
	write := flag.Bool("write", false, "write "+tableFile+" and "+caughtFile)
	only := flag.String("only", "", "remove only guards whose name begins so")
	fresh := flag.Bool("new", false, "remove only guards that "+caughtFile+" does not know")
	flag.Parse()
	if err := run(*write, *fresh, *only); err != nil {
		fmt.Fprintln(os.Stderr, "guards:", err)
		os.Exit(1)
	}
}

func run(write, fresh bool, only string) error {
	if twice := duplicates(guards); twice != "" {
		return fmt.Errorf("two guards are named %s", twice)
	}
	known, err := readCaught(caughtFile)
	if err != nil {
		return err
	}
	chosen := slices.DeleteFunc(slices.Clone(guards), func(g guard) bool { return !strings.HasPrefix(g.name, only) || fresh && known[g.name] != "" })
	if len(chosen) == 0 {
		return fmt.Errorf("no guard's name begins with %q", only)
	}
	if only == "" && !fresh {
		if err := baseline(); err != nil {
			return err
		}
	}
	var wrong []error
	for i, g := range chosen {
		if g.kept != "" && g.name != only {
			continue // no test can see it: the table says why
		}
		began := time.Now()
		by, err := tryWithout(g, likely(g, known))
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", g.name, err)
			wrong = append(wrong, fmt.Errorf("%s: %w", g.name, err))
		}
		delete(known, g.name)
		switch {
		case by != "":
			known[g.name] = by
		case err == nil && g.kept == "":
			wrong = append(wrong, fmt.Errorf("no test sees the removal of %q", g.name))
		}
		fmt.Fprintf(os.Stderr, "%3d/%d %5.1fs  %-46s %s\n", i+1, len(chosen), time.Since(began).Seconds(), g.name, orUnseen(by))
		if write {
			if err := writeCaught(caughtFile, known); err != nil {
				return err
			}
		}
	}
	fmt.Print(table(chosen, known))
	if write {
		forgetRemoved(known)
		if err := writeCaught(caughtFile, known); err != nil {
			return err
		}
		if err := os.WriteFile(tableFile, []byte(page(guards, known)), 0o644); err != nil {
			return err
		}
	}
	return errors.Join(wrong...)
}

// likely is what caught a guard's removal last time, or that of its twin in the
// other dialect.
func likely(g guard, known map[string]string) string {
	by := known[g.name]
	twin, ok := strings.CutPrefix(g.name, postgresPrefix)
	if by != "" || !ok {
		return by
	}
	test, ok := strings.CutPrefix(known[twin], onSQLite.pkg+" "+onSQLite.contract)
	if !ok {
		return ""
	}
	return onPostgres.pkg + " " + onPostgres.contract + test
}

// forgetRemoved forgets what caught guards that there are no more, or that
// nothing can see.
func forgetRemoved(known map[string]string) {
	there := map[string]bool{}
	for _, g := range guards {
		there[g.name] = g.kept == ""
	}
	maps.DeleteFunc(known, func(name, _ string) bool { return !there[name] })
}

func orUnseen(by string) string {
	if by == "" {
		return "UNSEEN"
	}
	return by
}

// duplicates returns a name that two guards have, or nothing.
func duplicates(list []guard) string {
	seen := map[string]bool{}
	for _, g := range list {
		if seen[g.name] {
			return g.name
		}
		seen[g.name] = true
	}
	return ""
}
