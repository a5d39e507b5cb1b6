package workflow

import "github.com/hammerwork/hammerwork/pkg/job"

// Urgency is how urgent a job is, counting what waits for it.
type Urgency struct {
	Own      job.Priority // its own, else the workflow's, else normal
	Priority job.Priority // the effective one: its own, or a higher one that was passed on to it
	Passes   job.Priority // what its parents get at least; job.Background: they stay as they are
}

// Urgencies returns the urgency of each of jobs that are enqueued together. A
// job that inherits passes its effective priority on to its parents, and they to
// theirs, up to the first. base is the priority of the workflow, or nil. Edges
// to jobs outside are left out.
func Urgencies(jobs []*job.Job, base *job.Priority) []Urgency {
	all := make([]Urgency, len(jobs))
	inherits := false
	for i, j := range jobs {
		u := &all[i]
		u.Own = job.Normal
		switch {
		case j.Priority != nil:
			u.Own = *j.Priority
		case base != nil:
			u.Own = *base
		}
		u.Priority = u.Own
		inherits = inherits || j.Inherit
	}
	if !inherits {
		return all
	}
	at := make(map[job.ID]int, len(jobs))
	for i, j := range jobs {
		at[j.ID] = i
	}
	children := make([]int, len(jobs)) // edges from a job that were not looked at yet
	eachInside(jobs, at, func(parent int) { children[parent]++ })
	var next []int
	for i, n := range children {
		if n == 0 {
			next = append(next, i)
		}
	}
	for len(next) > 0 { // children before parents
		i := next[len(next)-1]
		next = next[:len(next)-1]
		u := &all[i]
		u.Priority = max(u.Priority, u.Passes)
		if jobs[i].Inherit {
			u.Passes = u.Priority
		}
		eachInside(jobs[i:i+1], at, func(parent int) {
			all[parent].Passes = max(all[parent].Passes, u.Passes)
			if children[parent]--; children[parent] == 0 {
				next = append(next, parent)
			}
		})
	}
	return all
}

// eachInside calls f with the parent of each edge into jobs that is at a place.
func eachInside(jobs []*job.Job, at map[job.ID]int, f func(parent int)) {
	for _, j := range jobs {
		for _, d := range j.DependsOn {
			if parent, inside := at[d.Parent]; inside {
				f(parent)
			}
		}
	}
}
