package term

import (
	"io"
	"os"

	xterm "github.com/charmbracelet/x/term"
)

// The assumed size of what is not a terminal.
const (
	defaultWidth  = 80 // columns
	defaultHeight = 24 // lines
)

// Is reports whether a reader or writer is a terminal that can move its cursor.
func Is(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && xterm.IsTerminal(f.Fd()) && os.Getenv("TERM") != "dumb"
}

// Size returns the columns and lines of w, or 80 and 24 when w is not a
// terminal.
func Size(w io.Writer) (width, height int) {
	if f, ok := w.(*os.File); ok {
		if width, height, err := xterm.GetSize(f.Fd()); err == nil && width > 0 && height > 0 {
			return width, height
		}
	}
	return defaultWidth, defaultHeight
}

// Colours returns the palette for w: colours on a terminal, unless NO_COLOR
// holds a text.
func Colours(w io.Writer) Palette { return Palette{on: Is(w) && os.Getenv("NO_COLOR") == ""} }
