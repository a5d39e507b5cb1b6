package spelling

import "testing"

func TestTheDistanceCountsSwapsAsOneChange(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "abc", 3},
		{"abc", "", 3},
		{"abc", "abc", 0},
		{"extrat", "extract", 1},
		{"exrtact", "extract", 1},
		{"kitten", "sitting", 3},
		{"ca", "abc", 3},
	} {
		if got := Distance(c.a, c.b); got != c.want {
			t.Errorf("Distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestTheNearestWordIsCloseOrNone(t *testing.T) {
	words := []string{"transform", "extract", "extracts", "load"}
	for word, want := range map[string]string{"extrct": "extract", "laod": "load", "zzz": "", "": "", "extract": "extract"} {
		if got := Nearest(word, words); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}
