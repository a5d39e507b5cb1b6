package resolver

import (
	"strings"
	"unicode/utf8"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// atTheDoor makes of outcomes what every database can store and only the right
// party may say: a worker is not trusted to know the limits.
func atTheDoor(list []job.Outcome) []job.Outcome {
	for i := range list {
		o := &list[i]
		switch o.Kind {
		case job.KindCompleted, job.KindFailed, job.KindTimedOut, job.KindCancelled, job.KindGivenBack:
		default:
			o.Kind = job.KindFailed // what only the reaper says, or nobody
		}
		switch o.Reason {
		case "", job.ReasonPermanent, job.ReasonResultTooLarge:
		default:
			o.Reason = job.ReasonPermanent
		}
		o.Error = cleanText(o.Error, job.MaxError)
	}
	return list
}

// cleanText makes s valid UTF-8 without U+0000, which PostgreSQL refuses, and
// keeps its last limit bytes.
func cleanText(s string, limit int) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
	if len(s) <= limit {
		return s
	}
	s = s[len(s)-limit:]
	for len(s) > 0 && !utf8.RuneStart(s[0]) {
		s = s[1:]
	}
	return s
}
