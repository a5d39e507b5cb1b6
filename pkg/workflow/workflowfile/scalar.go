package workflowfile

import (
	"math/big"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/token"
)

var (
	jsonNumber  = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)
	yamlNumber  = regexp.MustCompile(`^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`)
	otherBase   = regexp.MustCompile(`^0(o[0-7]+|x[0-9a-fA-F]+)$`)
	leadingZero = regexp.MustCompile(`^[-+]?0[0-9]`)
	notFinite   = regexp.MustCompile(`^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$`)
)

// maxOtherDigits bounds numbers that have to be converted: that takes
// quadratic time.
const maxOtherDigits = 1000

// scalar reads a scalar by the core schema of YAML 1.2, with two exceptions
// that JSON cannot hold or people mean differently: infinities and numbers
// with leading zeros are refused. yes, no, on, off are texts.
func scalar(n *node, t *token.Token) error {
	if t == nil {
		return nil // null
	}
	switch t.Type {
	case token.SingleQuoteType, token.DoubleQuoteType:
		n.kind, n.scalar = text, t.Value
		return checkEscapes(n.at, t.Value)
	case token.ImplicitNullType:
		return nil
	}
	s := t.Value
	switch s {
	case "", "~", "null", "Null", "NULL":
		return nil
	case "true", "True", "TRUE", "false", "False", "FALSE":
		n.kind, n.scalar = boolean, strings.ToLower(s)
		return nil
	}
	switch {
	case jsonNumber.MatchString(s):
		n.kind, n.scalar = number, s
	case leadingZero.MatchString(s) && yamlNumber.MatchString(s):
		return syntax(n.at, "put a text in quotes, or leave out the zeros", "the number %s has leading zeros", quote(s))
	case yamlNumber.MatchString(s):
		n.kind, n.scalar = number, asJSONNumber(s)
	case otherBase.MatchString(s) && len(s) <= maxOtherDigits:
		i, _ := new(big.Int).SetString(s, 0)
		n.kind, n.scalar = number, i.String()
	case notFinite.MatchString(s):
		return syntax(n.at, "put a text in quotes", "JSON has no number %s", s)
	default:
		n.kind, n.scalar = text, s
	}
	return nil
}

// asJSONNumber writes a decimal number of YAML, like +1, .5 or 1., as JSON
// does, without a change of its value or precision.
func asJSONNumber(s string) string {
	s = strings.TrimPrefix(s, "+")
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	mantissa, exponent := s, ""
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantissa, exponent = s[:i], s[i:]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	if whole == "" {
		whole = "0"
	}
	if fraction != "" {
		fraction = "." + fraction
	}
	return sign + whole + fraction + exponent
}

// checkEscapes refuses a text whose escapes make half a character.
func checkEscapes(at position, s string) error {
	if !utf8.ValidString(s) {
		return syntax(at, "write the character itself", "the text has an escape that is no character")
	}
	return nil
}
