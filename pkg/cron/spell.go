package cron

import (
	"slices"
	"strconv"
	"strings"
)

// spell writes the fields of an expression as the library reads them, which
// knows Sunday as 0 alone, and refuses what they may not hold: the library takes
// some of it for something else, and names no field.
func spell(text string) (string, error) {
	fields := strings.Fields(text)
	skipped := len(sixFields) - len(fields)
	if skipped != 0 && skipped != 1 {
		return "", fault(usage, "five or six fields are needed, not %d", len(fields))
	}
	for i, text := range fields {
		f := sixFields[skipped+i]
		elements := strings.Split(text, ",")
		if slices.Contains(elements, "") {
			return "", fault(`take the comma away, as in "0 1,2 * * *"`, "%s %s has an empty element", f.name, quote(text))
		}
		for k, element := range elements {
			s, err := f.read(element)
			if err != nil {
				return "", err
			}
			if f.isWeek() && s.to == 7 {
				elements[k] = days(s)
			}
		}
		fields[i] = strings.Join(elements, ",")
	}
	return strings.Join(fields, " "), nil
}

// days lists the days of a span that ends on Sunday.
func days(s span) string {
	var list []string
	for day := s.from; day <= s.to; day += s.step {
		list = append(list, strconv.Itoa(day%7))
	}
	return strings.Join(list, ",")
}
