package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestSinceTakesTimesDaysAndDurations(t *testing.T) {
	now := time.Date(2026, 5, 14, 12, 0, 0, 0, time.Local)
	for text, want := range map[string]time.Time{
		"":                          {},
		"30m":                       now.Add(-30 * time.Minute),
		"1h30m":                     now.Add(-90 * time.Minute),
		"7d":                        now.AddDate(0, 0, -7),
		"2026-05-04":                time.Date(2026, 5, 4, 0, 0, 0, 0, time.Local),
		"2026-05-04 12:30:00":       time.Date(2026, 5, 4, 12, 30, 0, 0, time.Local),
		"2026-05-04T12:30:00+02:00": time.Date(2026, 5, 4, 10, 30, 0, 0, time.UTC),
	} {
		if got, err := sinceTime(text, now); err != nil || !got.Equal(want) {
			t.Errorf("%q is %s, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"yesterday", "-3h", "-1d", "d", "3", "2026-13-01", "9999999d"} {
		if got, err := sinceTime(text, now); err == nil {
			t.Errorf("%q is %s; want an error", text, got)
		}
	}
}

func TestIdsAreReadInEveryFormAndNamesGetAHint(t *testing.T) {
	const id = "0190b1c2-7e4f-7c3a-9b1d-2f6e8a4c5d70"
	for _, text := range []string{id, "0190B1C2-7E4F-7C3A-9B1D-2F6E8A4C5D70", " " + id + "\n", "0190b1c27e4f7c3a9b1d2f6e8a4c5d70"} {
		if got, err := workflowID(text); err != nil || got != id {
			t.Errorf("%q is %q, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		"etl":                                  "hammerwork workflow list --name etl shows the ids of the workflows of that name",
		"a b; rm -rf":                          "hammerwork workflow list shows the ids",
		"":                                     "hammerwork workflow list shows the ids",
		"00000000-0000-0000-0000-000000000000": "hammerwork workflow list --name 00000000-0000-0000-0000-000000000000 shows the ids of the workflows of that name",
	} {
		_, err := workflowID(text)
		if code, hint := describe(err); code != exitUsage || hint != want {
			t.Errorf("%q: exit code %d, hint %q", text, code, hint)
		}
	}
}

func TestAFlagThatIsEmptySaysWhatLeavingItOutDoes(t *testing.T) {
	for command, want := range map[string]string{
		"job enqueue --queue q --payload=":                 "leave it out to send none",
		"job enqueue --queue q --idempotency-key=":         "leave it out to send none",
		"workflow create --file f.yaml --idempotency-key=": "leave it out to send none",
		"job list --queue=":                                "leave it out to choose all",
		"workflow list --name=":                            "leave it out to choose all",
	} {
		var out bytes.Buffer
		if code := Main(strings.Fields(command), nil, &out, &out); code != exitUsage || !strings.Contains(out.String(), want) {
			t.Errorf("%s: exit code %d\n%s", command, code, &out)
		}
	}
}
