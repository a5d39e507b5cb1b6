package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestRegionsAreThoseOfTheOrders(t *testing.T) {
	got, err := regions("../orders.csv")
	if err != nil || !slices.Equal(got, []string{"north", "east", "south", "west", "overseas"}) {
		t.Errorf("regions are %v, %v", got, err)
	}
}

func TestATotalAddsUpTheOrdersOfItsRegion(t *testing.T) {
	if got, err := total("../orders.csv", "east"); err != nil || got != (Total{"east", 2, 13, 30046}) {
		t.Errorf("the total is %+v, %v", got, err)
	}
}

func TestAnOrderThatCannotBeReadIsNamedByItsLine(t *testing.T) {
	for of, want := range map[string]string{"east": `broken.csv:4: hammer: "four" is no number of pieces`, "west": `broken.csv:7: hammer: "" is no price`} {
		if _, err := total("../broken.csv", of); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %s", of, err, want)
		}
	}
}

func TestAReportMarksTheRegionThatIsMissing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "parents.json")
	const results = `{"regions": {"result": ["north", "east"]}, "totals": {"result": [{"region": "north", "orders": 1, "pieces": 2, "cents": 305}, null]}}`
	if err := os.WriteFile(path, []byte(results), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := report(path)
	if err != nil || !strings.Contains(got, "| north | 1 | 2 | 3.05 |\n| east | ? | ? | ? |\n| all | 1 | 2 | 3.05 |\n") {
		t.Errorf("the report is\n%s%v", got, err)
	}
}

func TestAStepThatIsNoneIsRefused(t *testing.T) {
	for _, args := range [][]string{nil, {"nonsense"}, {"publish"}, {"total", "north"}} {
		if err := run(args, strings.NewReader("{}"), "", &bytes.Buffer{}); err == nil || !strings.HasPrefix(err.Error(), "usage:") {
			t.Errorf("%v: %v", args, err)
		}
	}
}
