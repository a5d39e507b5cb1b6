package condition

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// large are a result and a payload as large as they may be: a text and lists.
var large = Inputs{
	Parents: map[string]Parent{"extract": {Result: json.RawMessage(`{"text": "` + strings.Repeat("a", 200_000) + `"}`)}},
	Payload: json.RawMessage(`{"items": [0` + strings.Repeat(",1", 100_000) + `], "zeros": [0` + strings.Repeat(",0", 10_000) + `], "texts": ["a"` + strings.Repeat(`,"a"`, 5_000) + `], "word": "` + strings.Repeat("a", 1000) + `"}`),
}

// hostile are expressions that were written to take long or much memory. Those
// with a true are cheap and have a value.
var hostile = map[string]struct {
	source string
	cheap  bool
}{
	"deep parentheses":          {strings.Repeat("(", 2000) + "1" + strings.Repeat(")", 2000) + " == 1", false},
	"deep lists":                {strings.Repeat("[", 2000) + strings.Repeat("]", 2000) + " == []", false},
	"deep nots":                 {strings.Repeat("!", 4000) + "true", true},
	"deep selection":            {"payload" + strings.Repeat(".a", 2000) + " == 1", false},
	"nested macros":             {strings.Repeat("[1].all(x, ", 150) + "true" + strings.Repeat(")", 150), false},
	"a product of lists":        {`payload.items.all(a, payload.items.all(b, payload.items.all(c, a + b + c < 10)))`, false},
	"a long list":               {`payload.items.all(a, a < 10)`, true},
	"doubled texts":             {`[text]` + strings.Repeat(`.map(x, x + x)`, 100) + `[0] == ""`, false},
	"some doubled texts":        {`[text]` + strings.Repeat(`.map(x, x + x)`, 20) + `[0] == ""`, false},
	"one text many times":       {`[text` + strings.Repeat(",text", 600) + `].join() == ""`, false},
	"a text some times":         {`[text` + strings.Repeat(",text", 100) + `].join() == ""`, false},
	"a replaced text":           {`text.replace("a", text) == ""`, false},
	"replaced empties":          {`text.replace("", text) == ""`, false},
	"many replaced texts":       {`payload.items.all(x, text.replace("a", "aaaa") != "")`, false},
	"long texts made of short":  {`payload.items.map(x, payload.word.replace("a", payload.word)) == []`, false},
	"a text in an object":       {`payload.items.all(x, !(text in {"a": 1, "b": 2}) && !(text in {"a": 1, "b": 2}))`, false},
	"a separator many times":    {`payload.items.map(x, "abc").join(text) == ""`, false},
	"a list joined many times":  {`payload.items.all(x, payload.texts.join() != "a")`, false},
	"a large regex":             {`text.matches("((((a{30}){30}){30}){30}){30}")`, false},
	"large regexes":             {`text.matches("(a{1000}){1000}")` + strings.Repeat(` || text.matches("(a{1000}){1000}")`, 100), false},
	"a large regex, made":       {`"aaa".matches("((((a{30}){30}){30}){30})" + "{30}" + payload.items[0])`, false},
	"a regex over a long text":  {`text.matches("(a*)*b") == false`, true},
	"a slow regex":              {`text.matches("(a?){200}(x|y)")`, false},
	"a regex many times":        {`payload.items.all(x, !text.matches("(.*)(.*)(.*)(.*)(.*)[0-9]$"))`, false},
	"a slow search":             {`(text.substring(0, 100000) + "b").indexOf(text.substring(0, 50000) + "c") == 0`, false},
	"a search in a text":        {`payload.items.all(x, !text.contains("b"))`, false},
	"a search in a list":        {`payload.items.all(x, !(-1 in payload.zeros))`, false},
	"a search for a list":       {`payload.items.all(x, payload.items in [payload.zeros, payload.items])`, false},
	"a comparison of lists":     {`payload.items.all(x, payload.items == payload.items)`, false},
	"a comparison of objects":   {`payload.items.all(x, payload == payload)`, false},
	"an order of texts":         {`payload.items.all(x, text <= text)`, false},
	"a text measured":           {`payload.items.all(x, text.size() > 0)`, false},
	"a literal measured":        {`payload.items.all(x, "` + strings.Repeat("ä", 1500) + `".size() > 0)`, false},
	"a text as key":             {`payload.items.all(x, {text: 1}[text] == 1)`, false},
	"a text as key of objects":  {`payload.items.all(x, {text: x` + strings.Repeat(", text: x", 7) + `}.size() == 1)`, false},
	"a text looked up":          {`payload.items.all(x, !has(payload.x) && !({"a": 1, "b": 2}[?text].hasValue()))`, false},
	"objects of constants":      {`payload.items.map(x, {0:x` + entries(140) + `}) == []`, false},
	"a text as missing key":     {`payload.items.exists(x, payload[text] == 1)`, false},
	"a text as number":          {`payload.items.exists(x, int(text) == x)`, false},
	"a text as time":            {`payload.items.exists(x, timestamp(text) == now)`, false},
	"a text split":              {`payload.items.map(x, text.split("")) == []`, false},
	"text as bytes":             {`payload.items.map(x, bytes(text)) == []`, false},
	"time zones":                {`payload.items.all(x, now.getHours("Europe/Berlin") > 30 || now.getHours("Asia/Tokyo") >= 0)`, false},
	"lists of constants":        {`payload.items.map(x, [x` + strings.Repeat(",0", 470) + `]) == []`, false},
	"small lists":               {`payload.items.map(x, [x,x,x,x,x,x,x,x]) == []`, false},
	"objects":                   {`payload.items.map(x, {"a":x,"b":x,"c":x,"d":x,"e":x,"f":x,"g":x,"h":x}) == []`, false},
	"constants compared":        {`payload.items.all(x, [0` + strings.Repeat(",0", 200) + `] == [0` + strings.Repeat(",0", 200) + `])`, false},
	"a list of many parts":      {`(payload.items` + strings.Repeat("+[]", 150) + `).all(x, x >= 0)`, false},
	"doubled lists":             {`[payload.items]` + strings.Repeat(`.map(x, x + x)`, 30) + `[0].all(x, x >= 0)`, false},
	"values made of doubles":    {doubled(100) + ` == ` + doubled(100), false},
	"some doubles":              {doubled(18) + ` == ` + doubled(18), false},
	"doubles looked for":        {`[[1]]` + strings.Repeat(`.map(x, [x, x])`, 30) + `[0] in [` + `[[1]]` + strings.Repeat(`.map(x, [x, x])`, 1) + `]`, false},
	"doubles of constants":      {`[dyn(1)]` + strings.Repeat(`.map(x, [x, x])`, 60) + ` == [2]`, false},
	"some doubles of constants": {`dyn([1]` + strings.Repeat(`.map(x, [x, x])`, 35) + `) == dyn([1]` + strings.Repeat(`.map(x, [x, x])`, 1) + `)`, false},
	"optional doubles":          {`optional.of([1])` + strings.Repeat(`.optMap(x, [x, x])`, 100) + ` == optional.none()`, false},
	"some optional doubles":     {`optional.of([1])` + strings.Repeat(`.optMap(x, [x, x])`, 20) + ` == optional.of([])`, false},
	"errors that are swallowed": {`payload.items.exists(x, payload.missing == x)`, false},
	"calls in vain":             {`payload.items.exists(x, text * x == 1)`, false},
}

func entries(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, ",%d:0", i+1)
	}
	return b.String()
}

func doubled(times int) string {
	return `[[payload.items]]` + strings.Repeat(`.map(x, [x, x])`, times)
}

func TestHostileExpressionsEndSoon(t *testing.T) {
	for name, c := range hostile {
		t.Run(name, func(t *testing.T) {
			peak := watchMemory(t)
			start := spent(t)
			e, err := Parse(c.source[:min(len(c.source), MaxLength)], one)
			parsed := spent(t)
			if err == nil {
				_, err = e.Bool(large)
			}
			took := spent(t) - start
			t.Logf("%v, of it %v to parse, %d MiB: %.160v", took, parsed-start, peak()>>20, err)
			if (err == nil) != c.cheap {
				t.Errorf("the error is %v", err)
			}
			if took > patience {
				t.Errorf("it took %v", took)
			}
			if peak() > 192<<20 {
				t.Errorf("it allocated %d MiB", peak()>>20)
			}
		})
	}
}

// patience is the CPU time that a hostile expression may take at most, also
// under the race detector. One that is not bounded takes minutes.
const patience = 10 * time.Second

// spent is the CPU time of this process.
func spent(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// watchMemory returns what was allocated since, in bytes.
func watchMemory(t *testing.T) func() uint64 {
	t.Helper()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	return func() uint64 {
		var now runtime.MemStats
		runtime.ReadMemStats(&now)
		return now.TotalAlloc - before.TotalAlloc
	}
}

func TestALargeValueIsRefused(t *testing.T) {
	for _, source := range []string{`[text, text]`, `{"a": text + text}`, `payload.items.map(x, "abc")`} {
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

func TestAnExpressionReadsTwoMegabytesOfResults(t *testing.T) {
	in, env, sources := Inputs{Parents: map[string]Parent{}}, Env{}, []string{}
	for i := range 8 {
		name := fmt.Sprintf("p%d", i)
		env.Parents = append(env.Parents, name)
		in.Parents[name] = Parent{Result: json.RawMessage(`[` + strings.Repeat("1,", 131_070) + `10]`)}
		sources = append(sources, "deps."+name+".result[0] == 1")
	}
	e, err := Parse(strings.Join(sources, " && "), env)
	if err != nil {
		t.Fatal(err)
	}
	peak, start := watchMemory(t), spent(t)
	if ok, err := e.Bool(in); err != nil || !ok {
		t.Errorf("8 results of 256 KiB: %v, %v", ok, err)
	}
	if took := spent(t) - start; took > patience || peak() > 192<<20 {
		t.Errorf("it took %v and %d MiB", took, peak()>>20)
	}
	in.Parents["p7"] = Parent{Result: json.RawMessage(string(in.Parents["p7"].Result) + "     ")}
	if _, err := e.Bool(in); err == nil || !strings.Contains(err.Error(), "over 2097152 bytes together") {
		t.Errorf("more than that: %v", err)
	}
}

func TestMessagesAreShortWhateverTheValues(t *testing.T) {
	for _, source := range []string{
		`int(text) == 1`, `timestamp(text) == now`, `duration(text) == duration("1s")`, `payload[text] == 1`, `text * 2 == 1`,
		`dyn(1) == [1]` + strings.Repeat(`.map(x, [x, x])`, 30) + ` && 1 == [1]` + strings.Repeat(`.map(x, [x, x])`, 10),
	} {
		e, err := Parse(source, one)
		if err == nil {
			_, err = e.Bool(large)
		}
		if err == nil || len(err.Error()) > 1000 {
			t.Errorf("%.40s: %d bytes: %.100v", source, len(fmt.Sprint(err)), err)
		}
	}
}

func TestAPassOverTheLargestResultIsAllowed(t *testing.T) {
	for _, source := range []string{
		`items.all(x, x >= 0)`, `items.exists(x, x == 2) == false`, `items.filter(x, x > 5).size() == 0`, `1 in items`, `items == items`,
		`text.contains("b") == false`, `text.matches("^a*$")`, `text + "b" != text`, `text.upperAscii().startsWith("A")`,
		`words.join(",").size() > 0`, `text.split("b").size() == 1`, `text.replace("a", "b").size() > 0`,
	} {
		e, err := Parse(source, one)
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		if ok, err := e.Bool(Inputs{Parents: map[string]Parent{"extract": {Result: json.RawMessage(`{"text": "` + strings.Repeat("a", 260_000) + `",
			"items": [0` + strings.Repeat(",1", 130_000) + `], "words": ["a"` + strings.Repeat(`,"b"`, 60_000) + `]}`)}}}); err != nil || !ok {
			t.Errorf("%s: %v, %v", source, ok, err)
		}
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

// sizable are inputs over which an expression can cost too much.
var sizable = func() Inputs {
	in := inputs
	in.Payload = json.RawMessage(`{"text": "` + strings.Repeat("a", 2_000) + `", "items": [0` + strings.Repeat(",1", 500) + `]}`)
	return in
}()

func FuzzAnExpressionGivesAValueOrAnError(f *testing.F) {
	for _, s := range []string{
		`validation_status == 'valid'`, `has(rows) && rows > 0`, `deps.extract.result.?x.orValue(1) > 0`, `counts.dead > 0`, `items.map(x, x + 1)`,
		`deps["a.b"].status in ["dead"]`, `{"a": [now, 1.5, b"x"]}`, `[string(rows)].join("-")`, `.deps.extract`, `has(.x)`, `deps.?extract`, `math.least(rows, 1)`, `a{b: 1}`,
		`payload.items.all(a, payload.items.all(b, a + b < 10))`, `[payload.text].map(x, x + x).map(x, x.replace("a", x))`, `payload.items.map(x, payload.text.split(""))`,
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
			vars, err := e.variables(sizable)
			if err != nil {
				t.Fatalf("%q: %v", source, err)
			}
			if _, details, err := e.prg.Eval(vars); err == nil && *details.ActualCost() > maxCost {
				t.Fatalf("%q costs %d", source, *details.ActualCost())
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
		"payload of 100,000": {`payload.items.size() > 0`, large},
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
