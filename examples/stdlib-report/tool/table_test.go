package main

import "testing"

func TestATableIsReadableAsText(t *testing.T) {
	tab := table{head: []string{"Name", "Lines"}, align: "lr"}
	tab.add("ä", "1,000")
	tab.add("longer", "7")
	want := "" +
		"| Name   | Lines |\n" +
		"|:-------|------:|\n" +
		"| ä      | 1,000 |\n" +
		"| longer |     7 |\n"
	if got := tab.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestNumbersAreWrittenForPeople(t *testing.T) {
	for got, want := range map[string]string{
		count(0): "0", count(999): "999", count(1000): "1,000", count(1234567): "1,234,567",
		percent(1, 3): "33 %", percent(1, 30): "3.3 %", percent(0, 5): "0 %", percent(1, 0): "–",
		bar(8, 8, 4): "████", bar(3, 8, 4): "█▌", bar(0, 8, 4): "", bar(1, 0, 4): "",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
