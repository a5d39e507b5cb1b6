// Command guards proves that every guard of the engine is held by a test. It
// removes one guard at a time, in an overlay that leaves the source as it is,
// and runs the tests until one fails.
//
//	go run ./scripts/guards              prints the table; exit 1 when the removal of a guard goes unseen
//	go run ./scripts/guards -write       also writes docs/guards.md and what caught each removal
//	go run ./scripts/guards -only NAME   one guard, or all whose name begins so, or NAME|NAME; with -write the others stay as they were
//	go run ./scripts/guards -new         guards that nothing is known to catch: delete a line of caught.txt to make one new
//	go run ./scripts/guards -quick       runs only what caught a guard, or its twin in another dialect, last time
//	go run ./scripts/guards -hints FILE  as -quick, with tests of your choice: lines as those of caught.txt, or with GROUP/TEST of the contract
//	go run ./scripts/guards -page        tries nothing, and writes docs/guards.md from what is known
//
// It runs in the module's root, one test after the other: about an hour on two
// processors when what caught each removal before still does. A guard that was
// not tried since it was written or changed is named as such.
package main

import (
	"cmp"
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

// choice says which guards are tried, how, and what is written.
type choice struct {
	write, fresh, quick, page bool
	only, hints               string
}

// named says whether a guard is among those that -only names.
func (c choice) named(guard string) bool {
	return slices.ContainsFunc(strings.Split(c.only, "|"), func(name string) bool { return strings.HasPrefix(guard, name) })
}

func main() {
	var c choice
	flag.BoolVar(&c.write, "write", false, "write "+tableFile+" and "+caughtFile)
	flag.StringVar(&c.only, "only", "", "remove only guards whose name begins so")
	flag.BoolVar(&c.fresh, "new", false, "remove only guards that "+caughtFile+" does not know")
	flag.BoolVar(&c.quick, "quick", false, "run only what caught a guard or its twin last time")
	flag.StringVar(&c.hints, "hints", "", "run only the tests of this file, and try only its guards")
	flag.BoolVar(&c.page, "page", false, "write "+tableFile+" and try nothing")
	flag.Parse()
	if err := run(c); err != nil {
		fmt.Fprintln(os.Stderr, "guards:", err)
		os.Exit(1)
	}
}

func run(c choice) error {
	if twice := duplicates(guards); twice != "" {
		return fmt.Errorf("two guards are named %s", twice)
	}
	known, err := readCaught(caughtFile)
	if err != nil {
		return err
	}
	if c.page {
		return writePage(known)
	}
	chosen := slices.DeleteFunc(slices.Clone(guards), func(g guard) bool {
		return !c.named(g.name) || c.fresh && known[g.name] != "" && known[g.name] != unseen
	})
	if len(chosen) == 0 {
		return fmt.Errorf("no guard's name begins with %q", c.only)
	}
	if c == (choice{write: c.write}) {
		if err := baseline(); err != nil {
			return err
		}
	}
	defer removeBenches()
	wrong := try(c, chosen, known)
	fmt.Print(table(chosen, known))
	if list := untried(guards, known); len(list) > 0 {
		fmt.Fprintf(os.Stderr, "%d guards were not tried since they were written or changed:\n  %s\n", len(list), strings.Join(list, "\n  "))
	}
	if c.write {
		wrong = errors.Join(wrong, writeCaught(caughtFile, known), writePage(known))
	}
	return wrong
}

// try removes each of the chosen guards and notes in known what catches it.
func try(c choice, chosen []guard, known map[string]string) error {
	hints, err := readCaught(c.hints)
	if err != nil {
		return err
	}
	var wrong []error
	for i, g := range chosen {
		if g.kept != "" && !slices.Contains(strings.Split(c.only, "|"), g.name) {
			continue // no test can see it: the table says why
		}
		first := likely(g, known)
		if c.hints != "" {
			first = testOf(g, hints[g.name])
		}
		quick := c.quick || c.hints != ""
		if quick && first == "" {
			continue
		}
		began := time.Now()
		by, err := tryWithout(g, first, quick)
		switch {
		case err != nil:
			by = ""
			wrong = append(wrong, fmt.Errorf("%s: %w", g.name, err))
		case by == "" && quick:
			wrong = append(wrong, fmt.Errorf("%s does not see the removal of %q; another test may", first, g.name))
		case by == "" && g.kept == "":
			by = unseen
			wrong = append(wrong, fmt.Errorf("no test sees the removal of %q", g.name))
		}
		delete(known, g.name)
		if by != "" {
			known[g.name] = by
		}
		fmt.Fprintf(os.Stderr, "%3d/%d %5.1fs  %-46s %s\n", i+1, len(chosen), time.Since(began).Seconds(), g.name, cmp.Or(by, "?"))
		if c.write {
			wrong = append(wrong, writeCaught(caughtFile, known))
		}
	}
	return errors.Join(wrong...)
}

// writePage writes the document, and forgets what caught guards that there are
// no more.
func writePage(known map[string]string) error {
	forgetRemoved(known)
	return errors.Join(writeCaught(caughtFile, known), os.WriteFile(tableFile, []byte(page(guards, known)), 0o644))
}

// testOf is a test of the contract in the dialect of a guard, or of a package.
func testOf(g guard, test string) string {
	if test == "" || strings.HasPrefix(test, "./") {
		return test
	}
	list := dialectsOf(g.file)
	if len(list) == 0 {
		list = dialects
	}
	return list[0].pkg + " " + list[0].contract + "/" + strings.ReplaceAll(test, " ", "_")
}

// likely is what caught a guard's removal last time, or that of its twin in the
// other dialect.
func likely(g guard, known map[string]string) string {
	by := known[g.name]
	if by == unseen {
		by = ""
	}
	list := dialectsOf(g.file)
	if by != "" || len(list) != 1 {
		return by
	}
	twin := strings.TrimPrefix(strings.TrimPrefix(g.name, postgresPrefix), mysqlPrefix)
	for _, d := range dialects {
		for _, name := range []string{twin, postgresPrefix + twin} {
			if test, ok := strings.CutPrefix(known[name], d.pkg+" "+d.contract); ok {
				return list[0].pkg + " " + list[0].contract + test
			}
		}
	}
	return ""
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
