package workflowfile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hammerwork/hammerwork/pkg/workflow/spelling"
)

// vocabulary is the fields of one kind of object: those that are read, and
// those that are planned and must not be ignored.
type vocabulary struct {
	of    string
	known []string
	later []string
}

var (
	workflowWords = vocabulary{
		of: "a workflow",
		known: []string{
			"$schema", "name", "description", "metadata", "failure_policy", "running", "decision_timeout", "decision_default",
			"priority", "timeout", "schedule", "retry", "health_check_interval", "trace_id", "correlation_id", "jobs",
		},
		later: []string{"start_at", "inherit"},
	}
	jobWords = vocabulary{
		of: "a job",
		known: []string{
			"name", "queue", "payload", "with", "depends_on", "join", "condition", "unmet", "allow_failure", "catch", "finally",
			"priority", "inherit", "timeout", "deadline", "delay", "scheduled_at", "cron", "retry", "trace_id", "correlation_id",
			"gate", "batch", "map", "workflow",
		},
		later: []string{"before", "start_at", "schedule", "metadata"},
	}
	singleWords = vocabulary{
		of:    "a job",
		known: append([]string{"idempotency_key"}, jobWords.known...),
		later: jobWords.later,
	}
	retryWords = vocabulary{
		of:    "a retry policy",
		known: []string{"strategy", "max_attempts", "initial_delay", "increment", "multiplier", "max_delay", "jitter"},
	}
	scheduleWords = vocabulary{
		of:    "a schedule",
		known: []string{"cron", "timezone", "catch_up", "overlap"},
	}
	gateWords = vocabulary{
		of:    "a gate",
		known: []string{"type", "wait", "until", "expires_after", "default"},
	}
	batchWords = vocabulary{
		of:    "a batch",
		known: []string{"payloads", "mode"},
	}
	mapWords = vocabulary{
		of:    "a map",
		known: []string{"over", "max_parallel", "tolerate"},
	}
	catchUpWords = vocabulary{
		of:    "catch_up",
		known: []string{"all"},
	}
	dependencyWords = vocabulary{
		of:    "a dependency",
		known: []string{"job", "on", "optional"},
	}
	quorumWords = vocabulary{
		of:    "a join",
		known: []string{"quorum"},
	}
)

// hint says what the author of an unknown field may have meant.
func (v vocabulary) hint(name string) (meant, hint string) {
	if meant = nearest(name, v.known); meant != "" {
		return meant, fmt.Sprintf("did you mean %q?", meant)
	}
	return "", v.of + " has " + strings.Join(v.known, ", ")
}

// foreignWords are what other tools call our fields and values.
var foreignWords = map[string]string{
	"needs": "depends_on", "dependencies": "depends_on", "id": "name", "retries": "retry", "tasks": "jobs", "steps": "jobs",
	"if": "condition", "when": "condition", "trigger_rule": "join", "inputs": "with", "continue_on_error": "allow_failure",
	"items": "payloads", "subworkflow": "workflow", "foreach": "map", "for_each": "map", "approval": "gate", "concurrency": "max_parallel",
	"0": "background", "1": "low", "2": "normal", "3": "high", "4": "critical", "medium": "normal", "urgent": "critical",
}

// nearest returns the word that a misspelt one probably means, or "".
func nearest(word string, words []string) string {
	plain := func(s string) string {
		return strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(s))
	}
	if len(word) > 40 {
		return ""
	}
	if meant := foreignWords[word]; slices.Contains(words, meant) {
		return meant
	}
	best, bestDistance := "", max(1, len(word)/3)+1
	for _, candidate := range words {
		if d := spelling.Distance(plain(word), plain(candidate)); d < bestDistance {
			best, bestDistance = candidate, d
		}
	}
	return best
}

// quote shows a text from the file, shortened and with control characters
// escaped.
func quote(s string) string {
	if r := []rune(s); len(r) > 60 {
		s = string(r[:60]) + "…"
	}
	return fmt.Sprintf("%q", s)
}
