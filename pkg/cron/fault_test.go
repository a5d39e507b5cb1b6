package cron_test

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/hammerwork/hammerwork/pkg/cron"
)

func TestWhatIsWrongWithAnExpressionNamesTheField(t *testing.T) {
	for _, c := range []struct{ expression, reason, hint string }{
		{"60 * * * *", `minute "60" is not one of 0-59`, "write 0, which comes after 59"},
		{"60 * * * * *", `second "60" is not one of 0-59`, "write 0, which comes after 59"},
		{"0 24 * * *", `hour "24" is not one of 0-23`, "write 0, which comes after 23"},
		{"0 0 0 * *", `day of month "0" is not one of 1-31`, "the first is 1"},
		{"0 0 1,32 * *", `day of month "32" is not one of 1-31`, "write five fields"},
		{"0 0 * 0 *", `month "0" is not one of 1-12, jan-dec`, "the first is 1"},
		{"0 0 * 7-13 *", `month "13" is not one of 1-12, jan-dec`, "write five fields"},
		{"0 0 * JAN-FOO *", `month "FOO" is not one of 1-12, jan-dec`, "write five fields"},
		{"0 0 * september *", `month "september" is not one of 1-12, jan-dec`, "write sep"},
		{"0 0 * * 8", `day of week "8" is not one of 0-7, sun-sat`, "Sunday is 0 or 7"},
		{"0 0 * * * 5-8", `day of week "8" is not one of 0-7, sun-sat`, "Sunday is 0 or 7"},
		{"0 0 * * Monday", `day of week "Monday" is not one of 0-7, sun-sat`, "write mon"},
		{"0 0 é * *", `day of month "é" is not one of 1-31`, "write five fields"},
		{"1.5 * * * *", `minute "1.5" is not one of 0-59`, "write five fields"},
		{"99999999999999999999 * * * *", `minute "99999999999999999999" is not one of 0-59`, "write five fields"},

		{"0 0 L * *", `day of month "L" is not one of 1-31`, "L, W and # of other schedulers are not known here"},
		{"0 0 L-3 * *", `day of month "L" is not one of 1-31`, "L, W and #"},
		{"0 0 LW * *", `day of month "LW" is not one of 1-31`, "L, W and #"},
		{"0 0 15W * *", `day of month "15W" is not one of 1-31`, "L, W and #"},
		{"0 0 * * friL", `day of week "friL" is not one of 0-7, sun-sat`, "L, W and #"},
		{"0 0 * * 5#3", `day of week "5#3" is not one of 0-7, sun-sat`, "L, W and #"},
		{"0 0 * * JUL", `day of week "JUL" is not one of 0-7, sun-sat`, "write five fields"},

		{"-1 * * * *", `minute "-1" is not one of 0-59`, "a range has two ends, as in 1-5"},
		{"5- * * * *", `minute "5-" is not one of 0-59`, "a range has two ends"},
		{"1-3-5 * * * *", `minute "1-3-5" has more than one -`, "put commas between ranges"},
		{"*-5 * * * *", `minute "*-5" is a range that begins with *`, "write * alone"},
		{"0 22-2 * * *", `hour "22-2" ends before it begins`, "write two ranges: 22-23,0-2"},
		{"0 0 * * 7-1", `day of week "7-1" ends before it begins`, "write 0-1"},
		{"0 0 * NOV-FEB *", `month "NOV-FEB" ends before it begins`, "write two ranges: nov-dec,jan-feb"},
		{"0 0 * * fri-MON", `day of week "fri-MON" ends before it begins`, "write two ranges: fri-sat,sun-mon"},

		{"*/61 * * * *", `minute "*/61" steps over all of the 60 minutes`, "@every 61m goes on across"},
		{"5/90 * * * * *", `second "5/90" steps over all of the 60 seconds`, "@every 90s"},
		{"0 0-5/36 * * *", `hour "0-5/36" steps over all of the 24 hours`, "@every 36h"},
		{"0 0 */32 * *", `day of month "*/32" steps over all of its 31 values`, "steps begin anew"},
		{"0 0 * * */8", `day of week "*/8" steps over all of its 7 values`, "steps begin anew"},
		{"*/0 * * * *", `minute "*/0" has no step`, "write a whole number from 1 up after the /"},
		{"*/-1 * * * *", `minute "*/-1" has no step`, "write a whole number"},
		{"1/2/3 * * * *", `minute "1/2/3" has no step`, "write a whole number"},
		{"0 0 * * 5-7/x", `day of week "5-7/x" has no step`, "write a whole number"},
		{"0 1,,2 * * *", `hour "1,,2" has an empty element`, "take the comma away"},
		{",5 * * * *", `minute ",5" has an empty element`, "take the comma away"},

		{"* * * *", "five or six fields are needed, not 4", "write five fields"},
		{"0 0 0 1 1 ? 2030", "five or six fields are needed, not 7", "write five fields"},
		{"daily", "five or six fields are needed, not 1", "@daily"},
		{"@never", `"@never" is not known`, "@daily"},
		{"@every x", `@every wants whole seconds, one or more, and has "x"`, "@every 5m"},
		{"@every 0s", `@every wants whole seconds, one or more, and has "0s"`, "@every 5m"},
		{"@every -5m", `@every wants whole seconds, one or more, and has "-5m"`, "@every 5m"},
		{"@every 1500ms", `@every wants whole seconds, one or more, and has "1500ms"`, "@every 5m"},
	} {
		_, err := cron.Parse(c.expression, "")
		var syntax *cron.SyntaxError
		if !errors.As(err, &syntax) || syntax.Reason != c.reason || !strings.Contains(syntax.Hint, c.hint) {
			t.Errorf("%q: %v\n hint: %+v", c.expression, err, syntax)
		}
	}
}

func TestNothingButOurOwnWordsSayWhatIsWrong(t *testing.T) {
	element := rapid.StringMatching(`[*?]|[*?]?/?[0-9]{0,2}-?[0-9]{0,2}(/[0-9]{1,2})?|[A-Za-z0-9*?/,#-]{1,7}|(sun|fri|7|0)-(sun|mon|7|0)`)
	rapid.Check(t, func(t *rapid.T) {
		var fields []string
		for range rapid.IntRange(5, 6).Draw(t, "count") {
			fields = append(fields, rapid.OneOf(rapid.Just("*"), element).Draw(t, "field"))
		}
		expression := strings.Join(fields, " ")
		_, err := cron.Parse(expression, "")
		var syntax *cron.SyntaxError
		switch {
		case err == nil, errors.Is(err, cron.ErrNever), expression == "":
		case !errors.As(err, &syntax):
			t.Fatalf("%q: %v", expression, err)
		case syntax.Hint == "":
			t.Fatalf("%q: %v has no hint", expression, err)
		}
	})
}
