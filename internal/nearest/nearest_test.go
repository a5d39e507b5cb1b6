package nearest

import "testing"

func TestAMisspeltNameIsGuessedAndAStrangeOneIsNot(t *testing.T) {
	names := []string{"extract", "transform", "load"}
	for name, want := range map[string]string{"extrat": "extract", "extract": "extract", "laod": "load", "trans-form": "transform", "mail": "", "": ""} {
		if got := Of(name, names); got != want {
			t.Errorf("%q means %q; want %q", name, got, want)
		}
	}
}
