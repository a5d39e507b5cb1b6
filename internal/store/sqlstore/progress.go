package sqlstore

import (
	"encoding/hex"
	"encoding/json"
	"math"
	"strings"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// progressNote is an entry of leases.progress: [percent, message].
type progressNote struct {
	percent float64
	message string
}

func (n progressNote) MarshalJSON() ([]byte, error) {
	return json.Marshal([2]any{n.percent, n.message})
}

func (n *progressNote) UnmarshalJSON(b []byte) error {
	return json.Unmarshal(b, &[2]any{&n.percent, &n.message})
}

// noteProgress sets the progress of each row of extend_leases: what its lease
// has, and what the beats say about jobs that it lists.
func noteProgress(beats []store.Beat, leases map[job.ID]*leaseRow, rows []beatRow) error {
	for _, b := range beats {
		l := leases[b.Lease]
		if l == nil || l.worker != b.Worker || len(b.Progress) == 0 {
			continue
		}
		if err := l.note(b.Progress); err != nil {
			return err
		}
	}
	for i, b := range beats {
		if l := leases[b.Lease]; l != nil {
			rows[i].Progress = l.progress
		}
	}
	return nil
}

func (l *leaseRow) note(said []store.Progress) error {
	notes := make(map[string]progressNote)
	if l.progress != "" {
		// Written here; if it cannot be read it starts anew.
		_ = json.Unmarshal([]byte(l.progress), &notes)
	}
	for _, p := range said {
		if _, listed := l.epochs[p.Job]; listed {
			notes[hex.EncodeToString(p.Job[:])] = progressNote{percentOf(p.Percent), messageOf(p.Message)}
		}
	}
	if len(notes) == 0 {
		return nil
	}
	text, err := json.Marshal(notes)
	l.progress = string(text)
	return err
}

// percentOf keeps a percentage within its bounds; unknown is -1.
func percentOf(p float64) float64 {
	if math.IsNaN(p) || p < 0 {
		return -1
	}
	return min(p, 100)
}

// messageOf makes a message fit to be stored.
func messageOf(m string) string {
	m = strings.ReplaceAll(m, "\x00", "")
	if len(m) > store.MaxProgressMessage {
		m = m[:store.MaxProgressMessage]
	}
	return strings.ToValidUTF8(m, "")
}

// scanProgress reads what the statements about jobs say of a held one.
func scanProgress(id job.ID, text *string) *store.Progress {
	var n progressNote
	if text == nil || json.Unmarshal([]byte(*text), &n) != nil {
		return nil
	}
	return &store.Progress{Job: id, Percent: n.percent, Message: n.message}
}
