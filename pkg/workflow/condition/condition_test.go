package condition

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// one is what a job with the single parent "extract" sees, several what one
// with three sees.
var (
	one     = Env{Parents: []string{"extract"}}
	several = Env{Parents: []string{"extract", "load.eu", "dead"}}
	none    = Env{}
	extract = Parent{Status: job.Completed, Attempts: 2, Result: json.RawMessage(`{"rows": 10, "ratio": 0.5, "whole": 3.0, "huge": 12345678901234567890,
		"validation_status": "valid", "nothing": null, "ok": true, "items": [1, 2, 3], "deep": {"a": {"b": 1}}, "type": "csv", "size": 4}`)}
	inputs = Inputs{
		Parents: map[string]Parent{
			"extract": extract,
			"load.eu": {Status: job.Skipped},
			"dead":    {Status: job.Dead, Attempts: 3},
		},
		Counts:   map[job.Status]int{job.Completed: 1, job.Skipped: 1, job.Dead: 1},
		Payload:  json.RawMessage(`{"limit": 5, "name": "nightly"}`),
		Metadata: json.RawMessage(`{"team": "data"}`),
		Now:      time.Date(2030, 1, 31, 8, 0, 0, 0, time.UTC),
	}
)

func TestAConditionReadsWhatItSpeaksOf(t *testing.T) {
	cases := []struct {
		env    Env
		source string
		want   bool
	}{
		{several, `deps.extract.status == "completed"`, true},
		{several, `deps.dead.status == "dead" && deps["load.eu"].status == "skipped"`, true},
		{several, `deps.dead.status in ["dead", "failed"]`, true},
		{several, `deps.extract.attempts == 2 && deps["dead"].attempts > 2`, true},
		{several, `deps.extract.result.rows > 5`, true},
		{several, `deps["extract"].result["rows"] > 50`, false},
		{several, `deps.dead.result == null && deps["load.eu"].result == null`, true},
		{several, `counts.completed == 1 && counts.dead + counts["skipped"] == 2`, true},
		{several, `counts.failed == 0 && counts.running == 0`, true},
		{several, `payload.limit == 5 && metadata.team == "data"`, true},
		{several, `now > timestamp("2030-01-01T00:00:00Z") && now.getHours() == 8`, true},
		{several, `now - timestamp("2030-01-31T07:00:00Z") == duration("1h")`, true},
		{none, `payload.name.startsWith("night")`, true},
		{none, `true`, true},
		// bare identifiers
		{one, `validation_status == 'valid'`, true},
		{one, `validation_status == 'invalid'`, false},
		{one, `rows > 0 && deps.extract.result.rows == rows`, true},
		{one, `ok`, true},
		{one, `size == 4 && size(items) == 3`, true},
		{one, `deep.a.b == 1`, true},
		{one, `.rows == 10`, true},
		{one, `items.exists(rows, rows == 3)`, true},            // a variable hides the field
		{one, `[1].all(payload, payload == 1)`, true},           // and ours
		{one, `[1].all(x, rows == 10) && [rows] == [10]`, true}, // but only inside
		{one, `type(rows) == int && type(ratio) == double`, true},
		{one, `math.greatest(rows, 3) == 10`, true},
		{one, `validation_status.upperAscii() == "VALID"`, true},
		{one, `{"rows": rows}["rows"] == 10`, true},
		// guards
		{one, `has(rows) && !has(missing)`, true},
		{one, `has(deps.extract.result.rows) && !has(deps.extract.result.missing)`, true},
		{one, `has(deep.a.b) && !has(deep.a.c) && !has(nothing.x)`, true},
		{one, `has(deep.a.b.c)`, false},
		{several, `has(deps.dead.result.rows)`, false},
		{several, `has(deps.dead.result) && has(deps.dead.status)`, true},
		{several, `deps.dead.result.?rows.orValue(0) == 0`, true},
		{several, `deps.extract.?result.?rows.orValue(0) == 10`, true},
		{several, `deps.extract.result.?missing.?deeper.orValue("x") == "x"`, true},
		{one, `deps.extract.result.?rows.hasValue()`, true},
		// numbers
		{one, `type(rows) == int && rows % 3 == 1`, true},
		{one, `type(whole) == double && whole == 3`, true},
		{one, `type(huge) == double && huge > 9223372036854775807`, true},
		{one, `rows > 9.5 && ratio < 1 && rows == 10.0`, true},
		{one, `double(rows) * ratio == 5.0`, true},
	}
	for _, c := range cases {
		e, err := Parse(c.source, c.env)
		if err != nil {
			t.Errorf("%s: %v", c.source, err)
			continue
		}
		got, err := e.Bool(inputs)
		if err != nil || got != c.want {
			t.Errorf("%s is %v, %v; want %v", c.source, got, err, c.want)
		}
	}
}

func TestWhatIsWrongIsSaidAtSubmit(t *testing.T) {
	cases := []struct {
		env           Env
		source        string
		message, hint string // parts
	}{
		{one, ``, "1:1: the expression is empty", "leave it out"},
		{one, `rows >`, "1:7: the expression ends too early", ""},
		{one, `rows = 3`, `"=" is not expected here`, "write =="},
		{one, `rows > 1 and ok`, `1:10: "and" is not expected here`, "write &&"},
		{one, `(rows > 1`, `is missing here`, ""},
		{one, `validation_status == 'valid`, "a text is not closed", "quote"},
		{one, strings.Repeat("1+", 2048) + "1", "4097 bytes", ""},
		{one, `deps.exrtact.status == "completed"`, `1:1: the job does not depend on "exrtact"`, `did you mean "extract"?`},
		{several, `deps.load.status == "skipped"`, `the job does not depend on "load"`, `write deps["load.eu"]`},
		{several, `ok2 && deps["load.us"].attempts > 0`, `1:8: the job does not depend on "load.us"`, ""},
		{none, `deps.extract.attempts > 0`, `does not depend on "extract"`, "depends_on"},
		{one, `deps[payload.name].attempts > 0`, "deps needs the name of a parent", "literal"},
		{one, `deps.all(d, true)`, "deps needs the name of a parent", "literal"},
		{one, `deps.extract == 1`, "deps.extract is no value of its own", ".status, .result or .attempts"},
		{one, `deps.extract.rows > 1`, `not "rows"`, "write deps.extract.result.rows"},
		{one, `deps.extract.stauts == "dead"`, `not "stauts"`, `did you mean "status"?`},
		{one, `deps.extract.status == "complete"`, `no job has the status "complete"`, `did you mean "completed"?`},
		{one, `deps.extract.status in ["dead", "fail"]`, `no job has the status "fail"`, `the statuses are`},
		{one, `counts.complted > 0`, `no job has the status "complted"`, `did you mean "completed"?`},
		{one, `counts.size() > 0`, "counts needs a status", "literal"},
		{one, `counts[payload.x] > 0`, "counts needs a status", "literal"},
		{several, `rows > 0`, "1:1: rows could be a field of any parent's result, and the job has 3 parents", "write deps.NAME.result.rows"},
		{several, `has(rows)`, "rows could be a field of any parent's result", "write deps.NAME.result.rows"},
		{several, `extract.rows > 0`, "extract is not known here", "write deps.extract.result"},
		{none, `paylod.x > 0`, "paylod is not known here", `did you mean "payload"?`},
		{one, `has(payload)`, "payload is there always", "has(payload.NAME)"},
		{one, `has(1)`, "invalid argument to has() macro", ""},
		{one, `lenght(items) > 0`, "there is no function lenght()", ""},
		{one, `length(items) > 0`, "there is no function length()", `did you mean "size"?`},
		{one, `validation_status.startWith("v")`, "there is no function startWith()", `did you mean "startsWith"?`},
		{one, `deps.extract.attempts == "3"`, `1:23: "==" does not take (int, string)`, "convert"},
		{one, `deps.extract.attempts`, "the condition is a whole number, not true or false", "compare"},
		{one, `type == "csv"`, `"==" does not take`, "deps.NAME.result"},
		{one, `list.exists(x, x > 1)`, "type(list", "deps.NAME.result"},
		{one, `deps.extract.result.?ok`, "the condition may have no value", "orValue(false)"},
		{one, `items.exists(x, x.matches("("))`, "invalid matches argument", ""},
		{one, `validation_status.matches("^" + payload.name)`, "1:31: the regular expression of matches() has to be a literal", ""},
		{one, `validation_status.matches("(a?){300}")`, "1:27: the regular expression has 1200 parts; at most 500 are allowed", "let the job compute it"},
		{one, strings.Repeat("[1].all(x, ", 50) + "ok" + strings.Repeat(")", 50), "1:1: the expression has over 500 parts", "let the job compute it"},
		{one, `"%s".format([rows]) == "1"`, "there is no function format()", ""},
		{one, "ok &&\n  deps.b.attempts > 0", `2:3: the job does not depend on "b"`, "extract"},
	}
	for _, c := range cases {
		_, err := Parse(c.source, c.env)
		fault := &Error{}
		if !errors.As(err, &fault) {
			t.Errorf("%s: %v", c.source, err)
			continue
		}
		if !strings.Contains(err.Error(), c.message) || !strings.Contains(fault.Hint(), c.hint) {
			t.Errorf("%s:\n%v\nhint: %s\nwant: %s\nhint: %s", c.source, err, fault.Hint(), c.message, c.hint)
		}
	}
}

func TestEveryFaultIsReportedInTheOrderOfTheText(t *testing.T) {
	_, err := Parse(`deps.a.status == "dead" && counts.x > 1 && foo(3) && rows > 0 && deps.b.result.y > 1`, several)
	fault := &Error{}
	if !errors.As(err, &fault) || len(fault.Faults) != 5 {
		t.Fatalf("got %v", err)
	}
	for i, part := range []string{`"a"`, `"x"`, "foo()", "rows", `"b"`} {
		if !strings.Contains(fault.Faults[i].Message, part) {
			t.Errorf("fault %d is %q, want one about %s", i, fault.Faults[i].Message, part)
		}
	}
}

func TestWhatIsWrongWithANameIsSaidOnce(t *testing.T) {
	for _, source := range []string{`deps[payload.name].attempts > 0`, `deps.extract.rows > 1`, `deps.extract == 1`} {
		_, err := Parse(source, several)
		if fault := (&Error{}); !errors.As(err, &fault) || len(fault.Faults) != 1 {
			t.Errorf("%s: %v", source, err)
		}
	}
}

func TestAnErrorNeverReadsAsFalse(t *testing.T) {
	cases := []struct {
		env           Env
		source        string
		message, hint string
	}{
		{one, `missing > 0`, `1:1: the result of "extract" has no field "missing"`, "guard it: has(missing) && …"},
		{several, `deps.extract.result.missing > 0`, `the result of "extract" has no field "missing"`, "guard it: has(deps.extract.result.missing) && …"},
		{several, `deps.dead.result.rows > 0`, `the result of "dead" is null and has no field "rows"`, "has(deps.dead.result.rows)"},
		{several, `deps["load.eu"].result.rows > 0`, `the result of "load.eu" is null`, `has(deps["load.eu"].result.rows)`},
		{one, `deep.a.c == 1`, `deep.a has no field "c"`, "has(deep.a.c)"},
		{one, `deep.a.b.c == 1`, `deep.a.b is a whole number and has no field "c"`, "has(deep.a.b.c)"},
		{one, `nothing.x`, `nothing is null and has no field "x"`, "has(nothing.x)"},
		{one, `has(missing.x)`, `the result of "extract" has no field "missing"`, "has(missing)"},
		{none, `payload.x == 1`, `payload has no field "x"`, "has(payload.x)"},
		{one, `items.all(x, x.y == 1)`, `x has no field "y"`, "has(x.y)"},
		{one, `validation_status`, "the condition is a text, not true or false", "compare"},
		{one, `nothing`, "the condition is null, not true or false", "compare"},
		{one, `rows && ok`, `does not take a whole number and true or false`, "compare"},
		{one, `validation_status < 3`, `"<" does not take a text and a whole number`, "convert"},
		{one, `rows * ratio > 1.0`, `"*" does not take a whole number and a double`, "double("},
		{one, `ratio % 2 == 1`, `"%" does not take a double and a whole number`, ""},
		{one, `rows / (rows - 10) == 1`, "1:6: a division by zero", "guard"},
		{one, `items[5] == 1`, "the list has no item 5", "size"},
		{one, `int(validation_status) == 1`, "a text can't be converted to a whole number", ""},
		{one, `deps.extract.result.?missing.value() == 1`, "an optional has no value", "orValue"},
		{one, `9223372036854775807 + rows > 0`, "a number is too large", "double"},
		{one, `items.exists(x, x > "a")`, "does not take", ""},
	}
	for _, c := range cases {
		e, err := Parse(c.source, c.env)
		if err != nil {
			t.Errorf("%s: %v", c.source, err)
			continue
		}
		_, err = e.Bool(inputs)
		fault := &Error{}
		if !errors.As(err, &fault) {
			t.Errorf("%s: %v", c.source, err)
			continue
		}
		if !strings.Contains(err.Error(), c.message) || !strings.Contains(fault.Hint(), c.hint) {
			t.Errorf("%s:\n%v\nhint: %s\nwant: %s\nhint: %s", c.source, err, fault.Hint(), c.message, c.hint)
		}
	}
}

func TestAnInputIsAnyValueOfJSON(t *testing.T) {
	for source, want := range map[string]string{
		`rows`:            `10`,
		`whole`:           `3.0`,
		`ratio`:           `0.5`,
		`deep`:            `{"a":{"b":1}}`,
		`items`:           `[1,2,3]`,
		`"<é>\n"`:         `"<é>\n"`,
		`null`:            `null`,
		`now`:             `"2030-01-31T08:00:00Z"`,
		`duration("90s")`: `"90s"`,
		`b"hi"`:           `"aGk="`,
		`{"b": rows, "a": payload.name, 1: true}`: `{"1":true,"a":"nightly","b":10}`,
		`items.map(x, x * 2)`:                     `[2,4,6]`,
		`deps.extract.result.?missing`:            `null`,
		`deps.extract.result.?rows`:               `10`,
		`[?deps.extract.result.?missing, 1]`:      `[1]`,
		`payload.name + "-" + string(rows)`:       `"nightly-10"`,
		`payload.name.replace("t", "tt")`:         `"nighttly"`,
		`["a", "b"].join()`:                       `"ab"`,
		`"a,b".split(",")`:                        `["a","b"]`,
		`[1] + items + [rows]`:                    `[1,1,2,3,10]`,
		`["a", "b"].join("+")`:                    `"a+b"`,
		`huge`:                                    `1.2345678901234567e+19`,
	} {
		e, err := ParseInput(source, one)
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		got, err := e.Value(inputs)
		if err != nil || string(got) != want {
			t.Errorf("%s is %s, %v; want %s", source, got, err, want)
		}
	}
	for source, want := range map[string]string{
		`1.0 / 0.0`:      "can't be written as JSON",
		`type(1)`:        "a type can't be written as JSON",
		`{1.5: 2}`:       "",
		`{1: 2, "1": 3}`: `the key "1" is there twice`,
		`missing`:        `has no field "missing"`,
	} {
		e, err := ParseInput(source, one)
		if err == nil {
			_, err = e.Value(inputs)
		}
		if fault := (&Error{}); !errors.As(err, &fault) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", source, err, want)
		}
	}
}

func TestAnExpressionTellsWhatItReads(t *testing.T) {
	for _, c := range []struct {
		env     Env
		source  string
		results string
		counts  bool
		own     bool
	}{
		{several, `deps.extract.status == "dead"`, "", false, false},
		{several, `deps.extract.result.x == deps["load.eu"].result.y && deps.extract.result.z > deps.dead.attempts`, "extract,load.eu", false, false},
		{several, `has(deps.extract.result.x) || deps.dead.?result.hasValue()`, "extract,dead", false, false},
		{several, `counts.dead > 0`, "", true, false},
		{one, `rows > 0 || has(x)`, "extract", false, false},
		{one, `payload.x > 0`, "", false, true},
		{one, `rows > metadata.least`, "extract", false, true},
	} {
		e, err := Parse(c.source, c.env)
		if err != nil {
			t.Errorf("%s: %v", c.source, err)
			continue
		}
		if got := strings.Join(e.Results(), ","); got != c.results || e.Counts() != c.counts || e.Own() != c.own || e.Standing() != (c.counts || strings.Contains(c.source, ".status")) {
			t.Errorf("%s reads the results of %q, counts %v, own %v, standing %v", c.source, got, e.Counts(), e.Own(), e.Standing())
		}
	}
}

func TestTheSameExpressionMeansEachJobsOwnParent(t *testing.T) {
	in := Inputs{Parents: map[string]Parent{"a": {Result: json.RawMessage(`{"ok": true}`)}, "b": {Result: json.RawMessage(`{"ok": false}`)}}}
	for name, want := range map[string]bool{"a": true, "b": false} {
		e, err := Parse("ok", Env{Parents: []string{name}})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := e.Bool(in); err != nil || got != want {
			t.Errorf("ok of %s is %v, %v", name, got, err)
		}
	}
}

func TestABareNameMeansTheOneParentThatOthersWereAddedTo(t *testing.T) {
	in := Inputs{Only: "extract"}
	in.Add("extract", Parent{Status: job.Completed, Result: json.RawMessage(`{"rows":1}`)})
	alone := in.Digest()
	in.Add("added", Parent{Status: job.Completed, Result: json.RawMessage(`{"rows":2}`)})
	if yes, err := in.Ask("rows == 1 && deps.added.result.rows == 2 && counts.completed == 2"); !yes || err != nil {
		t.Errorf("it is %v, %v", yes, err)
	}
	other := in
	other.Only = "added"
	if yes, err := other.Ask("rows == 2"); !yes || err != nil {
		t.Errorf("of the other it is %v, %v", yes, err)
	}
	if in.Digest() == other.Digest() || in.Digest() == alone {
		t.Error("inputs that expressions can tell apart have one digest")
	}
	other.Only = "gone"
	if _, err := other.Ask("rows == 2"); err == nil || !strings.Contains(err.Error(), "has 2 parents") {
		t.Errorf("of one that is gone it is %v", err)
	}
}

func TestInputsThatLackAParentAreNotTheAuthorsFault(t *testing.T) {
	e, err := Parse("rows > 0", one)
	if err != nil {
		t.Fatal(err)
	}
	_, err = e.Bool(Inputs{})
	if fault := (&Error{}); err == nil || errors.As(err, &fault) {
		t.Errorf("got %v", err)
	}
	_, err = e.Bool(Inputs{Parents: map[string]Parent{"extract": {Size: 10}}})
	if fault := (&Error{}); err == nil || errors.As(err, &fault) {
		t.Errorf("without a result: %v", err)
	}
	_, err = e.Bool(Inputs{Parents: map[string]Parent{"extract": {Size: MaxRead + 1}}})
	if fault := (&Error{}); !errors.As(err, &fault) {
		t.Errorf("without one that is too large: %v", err)
	}
	for _, broken := range []string{`{`, `1 2`, `1e999`, `nul`} {
		_, err = e.Bool(Inputs{Parents: map[string]Parent{"extract": {Result: json.RawMessage(broken)}}})
		if err == nil || !strings.Contains(err.Error(), `the result of "extract" can't be read`) {
			t.Errorf("result %s: %v", broken, err)
		}
	}
}

func TestAListIsWhatCanBeOne(t *testing.T) {
	env := Env{Parents: []string{"a"}}
	for _, source := range []string{"[1, 2]", "deps.a.result", "deps.a.result.list", "files", "deps.a.result.list.filter(x, x > 1)", `"a,b".split(",")`} {
		if _, err := ParseList(source, env); err != nil {
			t.Errorf("%s: %v", source, err)
		}
	}
	for source, says := range map[string]string{
		"1 + 1": "not a list", `"text"`: "not a list", "{'a': 1}": "not a list", "deps.a.result.?list": "may have no value", "deps.b.result": "does not depend", "[1": "",
	} {
		if _, err := ParseList(source, env); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", source, err)
		}
	}
}
