package api

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/plainjson"
)

// stream answers with what write makes, as it makes it. A part of an answer
// must not look whole: after an error the connection is broken off.
func (a *API) stream(contentType string, write func(ctx context.Context, to io.Writer) error) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		ctx.SetHeader("Content-Type", contentType)
		ctx.SetStatus(http.StatusOK)
		to := bufio.NewWriterSize(ctx.BodyWriter(), 64<<10)
		err := write(ctx.Context(), to)
		if err == nil {
			err = to.Flush()
		}
		if err != nil {
			a.log.Warn("answer broken off", "route", routeOf(ctx.Context()), "error", err)
			panic(http.ErrAbortHandler)
		}
	}}
}

// jobStream writes the jobs of a workflow and holds one page of them at a time.
type jobStream struct {
	store    Store
	workflow job.ID
	timeout  time.Duration // to read one page
	names    map[job.ID]string
	page     []store.JobRecord
	next     int
}

// read gets the next page, and the names of its parents.
func (s *jobStream) read(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	var err error
	if s.page, s.next, err = s.store.WorkflowJobs(ctx, s.workflow, s.next, store.MaxPage); err != nil {
		return err
	}
	return addNames(ctx, s.store, s.workflow, s.page, s.names)
}

// write writes a workflow that has no jobs yet with the page that was read and
// all that follow.
func (s *jobStream) write(ctx context.Context, to io.Writer, w wire.Workflow) error {
	var b bytes.Buffer
	encoder := plainjson.NewEncoder(&b)
	if err := encoder.Encode(w); err != nil {
		return err
	}
	const end = "]}\n" // jobs are the last field
	b.Truncate(b.Len() - len(end))
	for first := true; ; {
		for _, j := range s.page {
			if !first {
				b.WriteByte(',')
			}
			first = false
			if err := encoder.Encode(wire.JobItemFromRecord(j, s.names)); err != nil {
				return err
			}
			b.Truncate(b.Len() - 1)
			if _, err := b.WriteTo(to); err != nil {
				return err
			}
		}
		if s.next == 0 {
			b.WriteString(end)
			_, err := b.WriteTo(to)
			return err
		}
		if err := s.read(ctx); err != nil {
			return err
		}
	}
}

// addNames adds the names of a page of jobs of a workflow, and of those of its
// jobs that they depend on or could not run because of, to names.
func addNames(ctx context.Context, s Store, workflow job.ID, page []store.JobRecord, names map[job.ID]string) error {
	for _, j := range page {
		names[j.ID] = j.Name
	}
	unknown := make(map[job.ID]bool)
	var list []job.ID
	for _, j := range page {
		for _, other := range append(slices.Clip(j.DependsOn), j.Cause) {
			if _, known := names[other]; !known && !unknown[other] && other != (job.ID{}) {
				unknown[other] = true
				list = append(list, other)
			}
		}
	}
	if len(list) == 0 {
		return nil
	}
	found, err := s.JobNames(ctx, workflow, list)
	for id, name := range found {
		names[id] = name
	}
	return err
}
