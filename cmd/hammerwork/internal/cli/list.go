package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/output"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/remote"
	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/term"
	"github.com/hammerwork/hammerwork/internal/wire"
)

// listFlags are the flags of every list with pages.
type listFlags struct {
	since  string
	limit  int
	cursor string
	all    bool
}

const (
	defaultLimit = 50
	pageLimit    = 500 // items that the API gives at once
)

func (f *listFlags) add(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&f.since, "since", "", "only what was created since `then`: 30m, 7d, 2026-05-04, 2026-05-04T12:00:00Z")
	flags.IntVar(&f.limit, "limit", defaultLimit, "`number` of items at most")
	flags.StringVar(&f.cursor, "cursor", "", "go on behind the list before: the `cursor` it ended with")
	flags.BoolVar(&f.all, "all", false, "all items, however many there are")
	onlyHere(c, "since", "limit", "cursor", "all")
}

// check reads --since and refuses what contradicts itself.
func (f *listFlags) check(c *cobra.Command) (since time.Time, err error) {
	switch {
	case f.limit < 1:
		return since, &usageError{fmt.Errorf("--limit %d is not positive", f.limit), "--all lists everything"}
	case f.all && c.Flags().Changed("limit"):
		return since, &usageError{errors.New("--all and --limit exclude each other"), "leave one of them out"}
	}
	return sinceTime(f.since, time.Now())
}

// listing is a list and how a table shows it.
type listing[T any] struct {
	noun   string // of one item
	none   string // what an empty list says
	chosen bool   // not all items were asked for
	fetch  func(context.Context, remote.Page) (wire.List[T], error)
	table  output.Table
	row    func(T) []output.Cell
}

// show prints a list as its pages arrive: nothing but one page is held. Pages
// may be short, so it asks until there are enough items.
func (l *listing[T]) show(ctx context.Context, a *app, f listFlags) error {
	p := newListPrinter(a, l)
	page := remote.Page{Cursor: f.cursor}
	for {
		page.Limit = pageLimit
		if !f.all {
			page.Limit = min(pageLimit, f.limit-p.count)
		}
		list, err := l.fetch(ctx, page)
		if err != nil {
			return p.broken(err, page.Cursor)
		}
		page.Cursor = list.NextCursor
		if err := p.items(list.Items); err != nil {
			return closedPipe(err)
		}
		if page.Cursor == "" || !f.all && p.count >= f.limit {
			return closedPipe(p.end(page.Cursor))
		}
	}
}

// closedPipe is no error: the reader has seen enough.
func closedPipe(err error) error {
	if errors.Is(err, syscall.EPIPE) {
		return nil
	}
	return err
}

// listPrinter prints the items of a list as they come.
type listPrinter[T any] struct {
	*listing[T]
	a       *app
	out     *bufio.Writer
	palette term.Palette
	width   int
	count   int
	stream  *output.List
}

func newListPrinter[T any](a *app, l *listing[T]) *listPrinter[T] {
	p := &listPrinter[T]{listing: l, a: a, out: bufio.NewWriter(a.out), palette: term.Colours(a.out)}
	if term.Is(a.out) {
		p.width, _ = term.Size(a.out)
	}
	if a.format != output.FormatTable {
		p.stream = output.NewList(p.out, a.format)
	}
	return p
}

func (p *listPrinter[T]) items(items []T) error {
	p.count += len(items)
	if p.stream != nil {
		for _, item := range items {
			if err := p.stream.Item(item); err != nil {
				return err
			}
		}
		return p.out.Flush()
	}
	if len(items) == 0 {
		return nil
	}
	if p.a.quiet && len(p.table.Header) > 0 && p.table.Header[0] == "ID" {
		for _, item := range items {
			if _, err := fmt.Fprintln(p.out, p.row(item)[0].Text); err != nil {
				return err
			}
		}
		return p.out.Flush()
	}
	p.table.Rows = p.table.Rows[:0]
	for _, item := range items {
		p.table.Rows = append(p.table.Rows, p.row(item))
	}
	if err := p.table.Page(p.out, p.palette, p.width); err != nil {
		return err
	}
	return p.out.Flush()
}

// end says that there was nothing, or that there is more.
func (p *listPrinter[T]) end(next string) error {
	if p.stream != nil {
		if err := p.stream.End(next); err != nil {
			return err
		}
		return p.out.Flush()
	}
	switch {
	case p.a.quiet:
	case next != "":
		p.a.say("note:", fmt.Sprintf("there are more: --cursor %s shows the next ones, --all shows all", next))
	case p.count == 0 && p.chosen:
		p.a.say("note:", "no "+p.noun+" matches")
	case p.count == 0:
		p.a.say("note:", p.none)
	}
	return nil
}

// broken says how to go on when a page could not be had.
func (p *listPrinter[T]) broken(err error, cursor string) error {
	if p.count == 0 || cursor == "" {
		return err
	}
	return &hintError{fmt.Errorf("after %s: %w", term.Count(p.count, p.noun), err), "--cursor " + cursor + " goes on from there"}
}

// age is how long ago something was, short.
func age(t *time.Time, now time.Time) string {
	if t == nil {
		return ""
	}
	return term.Age(now.Sub(*t))
}

// when is a time for people: how long ago, and the time itself.
func when(t *time.Time, now time.Time) string {
	if t == nil {
		return ""
	}
	ago := term.Age(now.Sub(*t)) + " ago"
	if d := t.Sub(now); d > 0 {
		ago = "in " + term.Age(d)
	}
	return ago + " (" + t.Local().Format("2006-01-02 15:04:05 MST") + ")"
}
