package main

import (
	"fmt"
	"strings"
)

// report joins the sections: their headlines first, then one after the other.
func report(parents Parents) (string, error) {
	var plan Plan
	if err := parents.read("split", &plan); err != nil {
		return "", err
	}
	var summary, chapters strings.Builder
	for _, s := range sections {
		var section Section
		if err := parents.read(s.step, &section); err != nil {
			return "", err
		}
		fmt.Fprintf(&summary, "- %s\n", section.Headline)
		fmt.Fprintf(&chapters, "\n## %s\n\n%s", section.Title, section.Markdown)
	}
	return fmt.Sprintf("# The Go standard library in numbers\n\n%s, measured in %s.\n\n%s%s",
		plan.Version, plan.Source, &summary, &chapters), nil
}
