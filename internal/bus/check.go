package bus

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// MaxSubject is the longest subject in bytes. The longest name, encoded by a
// subject constructor, stays well below it; a NATS server ends the connection
// of a client that sends a line over 4,096 bytes.
const MaxSubject = 3000

// CheckSubject says why nothing can be published to subject: an empty token,
// white space, a control character, a wildcard or too many bytes. The
// constructors of this package make only subjects that pass.
func CheckSubject(subject string) error {
	if err := checkTokens(subject); err != nil {
		return err
	}
	for t := range strings.SplitSeq(subject, ".") {
		if t == "*" || t == ">" {
			return fmt.Errorf("subject %q: a wildcard can only be subscribed to", subject)
		}
	}
	return nil
}

// CheckPattern says why subject cannot be subscribed to. It is CheckSubject
// with the wildcards allowed: * as a whole token, > as the last one.
func CheckPattern(subject string) error {
	if err := checkTokens(subject); err != nil {
		return err
	}
	tokens := strings.Split(subject, ".")
	if i := slices.Index(tokens, ">"); i >= 0 && i < len(tokens)-1 {
		return fmt.Errorf("subject %q: > must be the last token", subject)
	}
	return nil
}

// CheckGroup says why group cannot name a queue group. Empty is no group.
func CheckGroup(group string) error {
	if strings.ContainsFunc(group, blank) {
		return fmt.Errorf("queue group %q: white space", group)
	}
	return nil
}

// Match tells whether a message on subject reaches a subscription to pattern;
// both are valid.
func Match(pattern, subject string) bool {
	for {
		p, restP, moreP := strings.Cut(pattern, ".")
		s, restS, moreS := strings.Cut(subject, ".")
		switch {
		case p == ">":
			return true
		case p != "*" && p != s:
			return false
		case !moreP || !moreS:
			return moreP == moreS
		}
		pattern, subject = restP, restS
	}
}

func checkTokens(subject string) error {
	switch {
	case subject == "":
		return errors.New("subject is empty")
	case len(subject) > MaxSubject:
		return fmt.Errorf("subject %.40q…: %d bytes, at most %d", subject, len(subject), MaxSubject)
	case strings.ContainsFunc(subject, blank):
		return fmt.Errorf("subject %q: white space or a control character", subject)
	case strings.Contains("."+subject+".", ".."):
		return fmt.Errorf("subject %q: an empty token", subject)
	}
	return nil
}

func blank(r rune) bool { return r <= ' ' || r == 0x7f }
