package main

import (
	"fmt"
	"os"
	"path"
	"regexp"
	"strings"
)

// guard is a condition without which something wrong could happen, and how to
// take it away.
type guard struct {
	name     string // unique: the statement or function, then what it asks
	kind     kind
	protects string // what goes wrong without it
	file     string // below the module's root
	place    string // the statement's or function's name; a method's after its type and a dot; empty: the whole file
	from, to string // from occurs once in place; to stands there without the guard
	kept     string // why no test can see that it is gone; empty: one must
}

// kind is what a guard asks about.
type kind string

// The kinds of guards.
const (
	epoch   kind = "epoch"       // is it still the same claim of the job?
	lease   kind = "lease"       // is it the lease that lists the job?
	worker  kind = "worker"      // is it the worker that it says?
	status  kind = "status"      // may it change at all?
	expiry  kind = "expiry"      // has the time of a lease run out?
	clock   kind = "clock"       // has a time come?
	order   kind = "lock order"  // who waits for whom?
	owner   kind = "owner"       // who deleted the row?
	unique  kind = "uniqueness"  // was it there before?
	whole   kind = "all or none" // did the statement change every row it was to?
	left    kind = "remaining"   // is anything left of it?
	scope   kind = "scope"       // whose is it?
	verdict kind = "verdict"     // may it be let go of?
)

// up is the place of what a migration does, as opposed to what takes it back.
const up = "Up"

// without returns the file's text without the guard.
func (g guard) without() (string, error) {
	data, err := os.ReadFile(g.file)
	if err != nil {
		return "", err
	}
	text := string(data)
	begin, end, err := g.find(text)
	if err != nil {
		return "", err
	}
	body := text[begin:end]
	if n := strings.Count(body, g.from); n != 1 {
		return "", fmt.Errorf("%s has %d times, not once, in %s:\n%s", g.file, n, g.place, g.from)
	}
	return text[:begin] + strings.Replace(body, g.from, g.to, 1) + text[end:], nil
}

// find returns where a guard's place begins and ends in its file.
func (g guard) find(text string) (begin, end int, err error) {
	if g.place == "" {
		return 0, len(text), nil
	}
	head, foot := "", "\n}\n"
	if g.place == up {
		head, foot = `(?m)^-- \+goose Up$`, "\n-- +goose Down"
	} else if path.Ext(g.file) == ".sql" {
		head, foot = `(?m)^-- name: `+g.place+`$`, "\n-- name: "
	} else if of, method, ok := strings.Cut(g.place, "."); ok {
		head = `(?m)^func \(\w+ \*?` + of + `\) ` + method + `\(`
	} else {
		head = `(?m)^func ` + g.place + `[\[(]`
	}
	at := regexp.MustCompile(head).FindStringIndex(text)
	if at == nil {
		return 0, 0, fmt.Errorf("%s has no %s", g.file, g.place)
	}
	length := strings.Index(text[at[1]:], foot)
	if length < 0 {
		return at[0], len(text), nil
	}
	return at[0], at[1] + length, nil
}
