package check

import "github.com/hammerwork/hammerwork/internal/history"

// Dir judges the history in a folder, with its final state.
func Dir(dir string) (Report, error) {
	h, err := history.Read(dir)
	if err != nil {
		return Report{}, err
	}
	f, err := history.ReadFinal(dir)
	if err != nil {
		return Report{}, err
	}
	return History(h, f), nil
}

// History judges records and a final state.
func History(h history.History, f history.Final) Report {
	return Report{Records: len(h.Records), Torn: h.Torn}
}
