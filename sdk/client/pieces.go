package client

import (
	"context"
	"slices"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// inPieces cuts jobs into pieces of at most so many, as places in jobs. A job
// comes after those that it depends on, and else they keep their order.
func inPieces(jobs []*job.Job, most int) [][]int {
	place := make(map[job.ID]int, len(jobs))
	for i, j := range jobs {
		place[j.ID] = i
	}
	waits := make([]int, len(jobs))
	after := make([][]int, len(jobs))
	var order []int
	for i, j := range jobs {
		for _, d := range j.DependsOn {
			if p, among := place[d.Parent]; among {
				waits[i]++
				after[p] = append(after[p], i)
			}
		}
		if waits[i] == 0 {
			order = append(order, i)
		}
	}
	for k := 0; k < len(order); k++ {
		for _, i := range after[order[k]] {
			if waits[i]--; waits[i] == 0 {
				order = append(order, i)
			}
		}
	}
	return slices.Collect(slices.Chunk(order, most))
}

// enqueuePieces stores jobs that are too many for one transaction, in several
// of at most so many.
func (c *Client) enqueuePieces(ctx context.Context, jobs []*job.Job, keys []store.Key, most int) ([]Enqueued, error) {
	list := make([]Enqueued, len(jobs))
	moved := map[job.ID]job.ID{} // job that its key made before → that
	for _, piece := range inPieces(jobs, most) {
		part := make([]*job.Job, len(piece))
		var partKeys []store.Key
		for k, i := range piece {
			part[k] = store.MoveParents(jobs[i], moved)
			if keys != nil {
				partKeys = append(partKeys, keys[i])
			}
		}
		done, err := c.enqueuePiece(ctx, part, partKeys)
		if err != nil {
			return nil, err
		}
		for k, i := range piece {
			list[i] = done[k]
			if done[k].ID != jobs[i].ID {
				moved[jobs[i].ID] = done[k].ID
			}
		}
	}
	return list, nil
}
