package cron

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// spell writes an expression as the library reads it, which knows Sunday as 0
// alone and takes an empty element of a list for none.
func spell(text string) (string, error) {
	fields := strings.Fields(text)
	if strings.HasPrefix(text, "@") || len(fields) < 5 {
		return text, nil
	}
	for _, f := range fields {
		if slices.Contains(strings.Split(f, ","), "") {
			return "", fmt.Errorf("%w: %q", ErrList, f)
		}
	}
	days := strings.Split(fields[len(fields)-1], ",")
	for i, d := range days {
		days[i] = sunday(d)
	}
	fields[len(fields)-1] = strings.Join(days, ",")
	return strings.Join(fields, " "), nil
}

// sunday writes an element of the days of the week without a 7. What it does not
// understand stays for the library to refuse.
func sunday(element string) string {
	days, step, stepped := strings.Cut(element, "/")
	low, high, ranged := strings.Cut(days, "-")
	every := 1
	if stepped {
		var err error
		if every, err = strconv.Atoi(step); err != nil || every < 1 {
			return element
		}
	}
	first := slices.Index([]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}, strings.ToLower(low))
	if n, err := strconv.Atoi(low); err == nil && n >= 0 && n <= 7 {
		first = n
	}
	switch {
	case first < 0 || ranged && high != "7":
		return element
	case first == 7:
		return "0"
	case !ranged:
		return element
	}
	var list []string
	for day := first; day <= 7; day += every {
		list = append(list, strconv.Itoa(day%7))
	}
	return strings.Join(list, ",")
}
