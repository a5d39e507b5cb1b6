package sqlstore

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// Scopes of idempotency keys: that of a job is scopeQueue and its queue.
const (
	scopeWorkflow = "workflow"
	scopeQueue    = "queue:"
)

// keyRow is a row of keys_stored and insert_keys.
type keyRow struct {
	Scope string `json:"scope"`
	Key   string `json:"key"`
	Hash  string `json:"hash"`
	ID    hexID  `json:"id"`
}

// scopedKey is the primary key of idempotency_keys.
type scopedKey struct{ scope, value string }

// keyring is the idempotency keys of one enqueue.
type keyring struct {
	tx       Tx
	rows     []keyRow // parallel to ids; without a key: zero
	ids      []job.ID // what was added, or what its key made before
	existing []bool   // parallel to ids: its key made it before
}

// add adds what is to be enqueued, with its key or the zero key.
func (k *keyring) add(scope string, key store.Key, id job.ID) {
	row := keyRow{}
	if key.Value != "" {
		row = keyRow{Scope: scope, Key: key.Value, Hash: hex.EncodeToString(key.Hash[:]), ID: hexID(id)}
	}
	k.rows, k.ids, k.existing = append(k.rows, row), append(k.ids, id), append(k.existing, false)
}

// turn stores the keys that are new and finds what the others made. Two that
// come with one key at once see each other: the second waits for the first.
func (k *keyring) turn() error {
	fresh, err := k.check()
	if err != nil || len(fresh) == 0 {
		return err
	}
	if err := k.find(fresh, false); err != nil {
		return err
	}
	fresh = slices.DeleteFunc(fresh, func(i int) bool { return k.existing[i] })
	list := make([]keyRow, len(fresh))
	for n, i := range fresh {
		list[n] = k.rows[i]
	}
	if len(list) > 0 {
		now, err := k.tx.Now()
		if err != nil {
			return err
		}
		stored, err := k.tx.Exec("insert_keys", list, now)
		if err != nil {
			return err
		}
		if stored < int64(len(list)) {
			if err := k.find(fresh, true); err != nil { // somebody was quicker
				return err
			}
		}
	}
	k.repeat()
	return nil
}

// peek finds what keys made before, and stores none.
func (k *keyring) peek() error {
	fresh, err := k.check()
	if err != nil {
		return err
	}
	return k.find(fresh, false)
}

// check returns the places of the first of each key, in the order of the keys,
// so that two transactions insert theirs in the same one.
func (k *keyring) check() ([]int, error) {
	first := make(map[scopedKey]int)
	var fresh []int
	for i, row := range k.rows {
		switch {
		case row.Key == "":
			continue
		case len(row.Key) > store.MaxKey:
			return nil, fmt.Errorf("the idempotency key of %s is over %d bytes", k.ids[i], store.MaxKey)
		case strings.ContainsRune(row.Key, 0):
			return nil, fmt.Errorf("the idempotency key of %s contains U+0000", k.ids[i])
		}
		key := scopedKey{row.Scope, row.Key}
		if j, twice := first[key]; !twice {
			first[key] = i
			fresh = append(fresh, i)
		} else if k.rows[j].Hash != row.Hash {
			return nil, k.reused(i)
		}
	}
	slices.SortFunc(fresh, func(a, b int) int {
		if c := strings.Compare(k.rows[a].Scope, k.rows[b].Scope); c != 0 {
			return c
		}
		return strings.Compare(k.rows[a].Key, k.rows[b].Key)
	})
	return fresh, nil
}

// find looks up which keys at these places are stored, and for what. With mine
// set, those that this transaction inserted are among them.
func (k *keyring) find(places []int, mine bool) error {
	at := make(map[scopedKey]int, len(places))
	list := make([]keyRow, len(places))
	for n, i := range places {
		list[n] = k.rows[i]
		at[scopedKey{k.rows[i].Scope, k.rows[i].Key}] = i
	}
	if len(list) == 0 {
		return nil
	}
	return k.tx.Query("keys_stored", func(r Row) error {
		var key scopedKey
		var hash []byte
		var id job.ID
		if err := r.Scan(&key.scope, &key.value, &hash, &id); err != nil {
			return err
		}
		i, asked := at[key]
		switch {
		case !asked || mine && id == k.ids[i]:
			return nil
		case hex.EncodeToString(hash) != k.rows[i].Hash:
			return k.reused(i)
		}
		k.ids[i], k.existing[i] = id, true
		return nil
	}, list)
}

// repeat gives later ones of a key what its first one has.
func (k *keyring) repeat() {
	first := make(map[scopedKey]int)
	for i, row := range k.rows {
		if row.Key == "" {
			continue
		}
		key := scopedKey{row.Scope, row.Key}
		if j, twice := first[key]; twice {
			k.ids[i], k.existing[i] = k.ids[j], true
		} else {
			first[key] = i
		}
	}
}

func (k *keyring) reused(i int) error {
	return fmt.Errorf("%w: %s in %s", store.ErrKeyReused, k.ids[i], k.rows[i].Scope)
}

// fresh returns the jobs that are to be stored. A parent that was left out is
// replaced by what its key made before.
func (k *keyring) fresh(jobs []*job.Job) []*job.Job {
	moved := make(map[job.ID]job.ID)
	for i, j := range jobs {
		if k.ids[i] != j.ID {
			moved[j.ID] = k.ids[i]
		}
	}
	var list []*job.Job
	for i, j := range jobs {
		if k.existing[i] {
			continue
		}
		list = append(list, store.MoveParents(j, moved))
	}
	return list
}
