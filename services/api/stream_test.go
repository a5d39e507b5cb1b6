package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/services/api"
)

// fanIn is a workflow whose first job depends on all others, over several
// pages of a store.
func fanIn() (text string, jobs int) {
	jobs = 2*store.MaxPage + 1
	var names, list strings.Builder
	for i := range jobs - 1 {
		fmt.Fprintf(&names, `%s"p%d"`, map[bool]string{true: ","}[i > 0], i)
		fmt.Fprintf(&list, `,{"name":"p%d","queue":"q"}`, i)
	}
	return `{"name":"fan","jobs":[{"name":"end","queue":"q","depends_on":[` + names.String() + `]}` + list.String() + `]}`, jobs
}

func TestAWorkflowOfSeveralPagesNamesParentsThatComeLater(t *testing.T) {
	r := start(t, config(), nil)
	text, jobs := fanIn()
	w := into[wire.Workflow](r.get("/api/v1/workflows/"+r.create(text)), http.StatusOK)
	if len(w.Jobs) != jobs {
		t.Fatalf("%d jobs; want %d", len(w.Jobs), jobs)
	}
	for i, name := range w.Jobs[0].DependsOn {
		if want := fmt.Sprintf("p%d", i); name != want || w.Jobs[i+1].Name != want {
			t.Fatalf("parent %d is %s, job %d is %s; want %s", i, name, i+1, w.Jobs[i+1].Name, want)
		}
	}
}

// brokenLater is a store whose pages but the first cannot be read.
type brokenLater struct{ api.Store }

func (s brokenLater) WorkflowJobs(ctx context.Context, id job.ID, from, limit int) ([]store.JobRecord, int, error) {
	if from > 0 {
		return nil, 0, errors.New("gone")
	}
	return s.Store.WorkflowJobs(ctx, id, from, limit)
}

func TestAWorkflowThatCannotBeReadToItsEndDoesNotLookWhole(t *testing.T) {
	r := start(t, config(), func(s api.Store) api.Store { return brokenLater{s} })
	text, _ := fanIn()
	answer, err := r.client.Get(r.url + "/api/v1/workflows/" + r.create(text))
	if err == nil {
		defer answer.Body.Close()
		var data []byte
		if data, err = io.ReadAll(answer.Body); err == nil || json.Valid(data) {
			t.Errorf("the answer looks whole: %d bytes", len(data))
		}
	}
}
