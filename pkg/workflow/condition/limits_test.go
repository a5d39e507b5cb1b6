package condition

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// large are results as large as results may be: a text and a list.
var large = Inputs{
	Parents: map[string]Parent{"extract": {Result: json.RawMessage(`{"text": "` + strings.Repeat("a", 200_000) + `"}`)}},
	Payload: json.RawMessage(`{"items": [0` + strings.Repeat(",1", 120_000) + `], "zeros": [0` + strings.Repeat(",0", 60_000) + `]}`),
}

func TestHostileExpressionsEndSoon(t *testing.T) {
	doubled := func(times int) string {
		return `[[payload.items]]` + strings.Repeat(`.map(x, [x, x])`, times)
	}
	for name, source := range map[string]string{
		"deep parentheses":         strings.Repeat("(", 2000) + "1" + strings.Repeat(")", 2000) + " == 1",
		"deep lists":               strings.Repeat("[", 2000) + strings.Repeat("]", 2000) + " == []",
		"deep nots":                strings.Repeat("!", 4000) + "true",
		"deep selection":           "payload" + strings.Repeat(".a", 2000) + " == 1",
		"nested macros":            strings.Repeat("[1].all(x, ", 150) + "true" + strings.Repeat(")", 150),
		"a product of lists":       `payload.items.all(a, payload.items.all(b, payload.items.all(c, a + b + c < 10)))`,
		"a long list":              `payload.items.all(a, a < 10)`,
		"doubled texts":            `[text]` + strings.Repeat(`.map(x, x + x)`, 100) + `[0] == ""`,
		"one text many times":      `[text` + strings.Repeat(",text", 600) + `].join() == ""`,
		"a replaced text":          `text.replace("a", text) == ""`,
		"replaced empties":         `text.replace("", text) == ""`,
		"one format many times":    `"` + strings.Repeat("%s", 900) + `".format([` + strings.Repeat("text,", 500) + `text]) == ""`,
		"a large regex":            `text.matches("((((a{30}){30}){30}){30}){30}")`,
		"a large regex, made":      `"aaa".matches("((((a{30}){30}){30}){30})" + "{30}" + payload.items[0])`,
		"a regex over a long text": `text.matches("(a*)*b")`,
		"a slow search":            `(text.substring(0, 100000) + "b").indexOf(text.substring(0, 50000) + "c") == 0`,
		"values made of doubles":   doubled(100) + ` == ` + doubled(100),
		"doubles of constants":     `[1]` + strings.Repeat(`.map(x, [x, x])`, 60) + ` == [2]`,
		"optional doubles":         `optional.of([1])` + strings.Repeat(`.optMap(x, [x, x])`, 100) + ` == optional.none()`,
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			e, err := Parse(source[:min(len(source), MaxLength)], Env{Parents: []string{"extract"}})
			if err == nil {
				_, err = e.Bool(large)
			}
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			allocated := (after.TotalAlloc - before.TotalAlloc) >> 20
			t.Logf("%v, %d MiB: %.120v", took, allocated, err)
			if took > 5*time.Second {
				t.Errorf("it took %v", took)
			}
			if allocated > 1024 {
				t.Errorf("it allocated %d MiB", allocated)
			}
		})
	}
}

func TestALargeValueIsRefused(t *testing.T) {
	for _, source := range []string{`[text, text]`, `{"a": text + text}`} {
		e, err := ParseInput(source, one)
		if err == nil {
			_, err = e.Value(large)
		}
		if err == nil {
			t.Errorf("%s was allowed", source)
		}
	}
	e, err := ParseInput(`text`, one)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := e.Value(large); err != nil || len(v) != 200_002 {
		t.Errorf("a text of 200,000 bytes: %d bytes, %v", len(v), err)
	}
}

func TestDeepResultsAreRead(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5000)
	e, err := Parse(`has(deps.extract.result.a.a.a) && deps.extract.result == deps.extract.result`, one)
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := e.Bool(Inputs{Parents: map[string]Parent{"extract": {Result: json.RawMessage(deep)}}}); err != nil || !ok {
		t.Errorf("got %v, %v", ok, err)
	}
}

func TestTheDigestTellsDifferentInputsApart(t *testing.T) {
	base := inputs.Digest()
	if len(base) != 64 {
		t.Fatalf("digest %q", base)
	}
	same := inputs
	same.Payload = json.RawMessage(` {"name":"nightly" , "limit":5}`)
	same.Now = inputs.Now.In(time.FixedZone("east", 3600))
	same.Counts = map[job.Status]int{job.Completed: 1, job.Skipped: 1, job.Dead: 1, job.Failed: 0}
	if same.Digest() != base {
		t.Error("equal inputs have different digests")
	}
	seen := map[string]int{base: -1}
	for i, change := range []func(*Inputs){
		func(in *Inputs) { in.Payload = json.RawMessage(`{"limit": 5.0, "name": "nightly"}`) },
		func(in *Inputs) { in.Payload = nil },
		func(in *Inputs) { in.Payload = json.RawMessage(`{`) },
		func(in *Inputs) { in.Metadata = json.RawMessage(`{"team": "date"}`) },
		func(in *Inputs) { in.Now = in.Now.Add(time.Nanosecond) },
		func(in *Inputs) { in.Counts = map[job.Status]int{job.Completed: 2} },
		func(in *Inputs) { in.Parents = map[string]Parent{"extract": extract} },
		func(in *Inputs) { in.Parents = map[string]Parent{"extract": {Status: job.Completed, Attempts: 3}} },
		func(in *Inputs) { in.Parents = map[string]Parent{"extract": {Status: job.Dead, Attempts: 3}} },
	} {
		in := inputs
		change(&in)
		if j, ok := seen[in.Digest()]; ok {
			t.Errorf("changes %d and %d have the same digest", i, j)
		}
		seen[in.Digest()] = i
	}
}

func TestTheCacheIsBoundedAndShared(t *testing.T) {
	for i := range maxCompiled + 100 {
		compiled(fmt.Sprintf("%d == rows", i))
	}
	if n := cache().Len(); n != maxCompiled {
		t.Errorf("the cache holds %d", n)
	}
	a, _ := Parse("rows > 0", Env{Parents: []string{"a"}})
	b, _ := Parse("rows > 0", Env{Parents: []string{"b"}})
	if a.program != b.program {
		t.Error("two jobs with the same condition don't share it")
	}
}

func TestManyEvaluateAtOnce(t *testing.T) {
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 50 {
				e, err := Parse(fmt.Sprintf(`rows == 10 && %d >= 0 && validation_status.matches("^v.*d$")`, j), one)
				if err != nil {
					t.Errorf("%d: %v", i, err)
					return
				}
				if ok, err := e.Bool(inputs); err != nil || !ok {
					t.Errorf("%d: %v, %v", i, ok, err)
				}
				if bad, err := Parse(`missing > 0`, one); err == nil {
					if _, err = bad.Bool(inputs); err == nil {
						t.Error("a missing field is no error")
					}
				}
			}
		})
	}
	wg.Wait()
}

func FuzzAnExpressionGivesAValueOrAnError(f *testing.F) {
	for _, s := range []string{
		`validation_status == 'valid'`, `has(rows) && rows > 0`, `deps.extract.result.?x.orValue(1) > 0`, `counts.dead > 0`, `items.map(x, x + 1)`,
		`deps["a.b"].status in ["dead"]`, `{"a": [now, 1.5, b"x"]}`, `"%s".format([rows])`, `.deps.extract`, `has(.x)`, `deps.?extract`, `math.least(rows, 1)`, `a{b: 1}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		for _, env := range []Env{one, several, none} {
			e, err := ParseInput(source, env)
			if err != nil {
				if fault, ok := err.(*Error); !ok || len(fault.Faults) == 0 {
					t.Fatalf("%q: %v", source, err)
				}
				continue
			}
			for _, p := range e.Results() {
				if _, ok := inputs.Parents[p]; !ok {
					t.Fatalf("%q reads %q", source, p)
				}
			}
			v, err := e.Value(inputs)
			if err == nil && !json.Valid(v) {
				t.Fatalf("%q is %s", source, v)
			}
			if err != nil {
				if _, ok := err.(*Error); !ok || strings.Contains(err.Error(), "broke off") {
					t.Fatalf("%q: %v", source, err)
				}
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	const source = `rows > 0 && validation_status == 'valid'`
	b.Run("uncached", func(b *testing.B) {
		for b.Loop() {
			compile(source)
		}
	})
	b.Run("cached", func(b *testing.B) {
		for b.Loop() {
			if _, err := Parse(source, one); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkBool(b *testing.B) {
	for name, c := range map[string]struct {
		source string
		in     Inputs
	}{
		"small result":       {`rows > 0 && validation_status == 'valid'`, inputs},
		"result of 200 kB":   {`text.size() > 0`, large},
		"counts":             {`counts.dead > 0`, inputs},
		"payload of 120,000": {`payload.items.size() > 0`, large},
		"a missing field":    {`missing > 0`, inputs},
	} {
		b.Run(name, func(b *testing.B) {
			e, err := Parse(c.source, one)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				_, _ = e.Bool(c.in)
			}
		})
	}
	b.Run("digest", func(b *testing.B) {
		for b.Loop() {
			inputs.Digest()
		}
	})
}
