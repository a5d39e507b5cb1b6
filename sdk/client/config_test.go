package client_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/internal/store/postgres/pgtest"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/sdk/client"
)

func TestEveryWrongSettingIsNamedAtOnceAndNoPasswordIsShown(t *testing.T) {
	_, err := client.New(t.Context(), client.Config{
		DatabaseURL: "oracle://u:hush@h/d", NATSURL: "http://u:hush@h", PollInterval: -1, CancelGrace: -1, Limits: workflow.Limits{Jobs: -1},
	})
	if err == nil {
		t.Fatal("accepted")
	}
	for i, want := range []string{"client.database_url: ", "client.nats_url: ", "client.poll_interval is -1ns", "client.cancel_grace is -1ns", "client.limits: "} {
		if lines := strings.Split(err.Error(), "\n"); len(lines) != 5 || !strings.HasPrefix(lines[i], want) {
			t.Errorf("no line %d that begins with %s in\n%v", i+1, want, err)
		}
	}
	if strings.Contains(err.Error(), "hush") {
		t.Errorf("a password is shown: %v", err)
	}
}

func TestADatabaseThatCannotBeOpenedIsAnErrorAtOnce(t *testing.T) {
	url := sqliteURL(filepath.Join(t.TempDir(), "absent", "folder", "x.db"))
	if _, err := client.New(t.Context(), client.Config{DatabaseURL: url}); err == nil {
		t.Error("opened")
	}
}

func TestAServerWithoutTheSchemaOrWithoutALifeIsAnErrorAtOnce(t *testing.T) {
	_, err := client.New(t.Context(), client.Config{DatabaseURL: pgtest.Empty(t)})
	if !errors.Is(err, client.ErrOlderSchema) {
		t.Errorf("without the schema: %v", err)
	}
	_, err = client.New(t.Context(), client.Config{DatabaseURL: "postgres://u:hush@127.0.0.1:1/d"})
	if !errors.Is(err, client.ErrUnavailable) || strings.Contains(err.Error(), "hush") {
		t.Errorf("without a server: %v", err)
	}
}

func TestHowLargeAWorkflowMayBeIsASetting(t *testing.T) {
	onEach(t, func(t *testing.T, url string) {
		for most, allowed := range map[int]bool{1: false, 2: true} {
			c, err := client.New(t.Context(), client.Config{DatabaseURL: url, Logger: quiet, Limits: workflow.Limits{Jobs: most}})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			w := workflow.NewWorkflow("pair").AddParallel(job.New("q", nil).WithName("a"), job.New("q", nil).WithName("b"))
			_, err = c.EnqueueWorkflow(t.Context(), w)
			if invalid := new(workflow.Error); allowed != (err == nil) || !allowed && !errors.As(err, &invalid) {
				t.Errorf("two jobs where %d are allowed: %v", most, err)
			}
		}
	})
}

func TestAClientMayBeClosedTwice(t *testing.T) {
	onEach(t, func(t *testing.T, url string) {
		c := open(t, url)
		if err := errors.Join(c.Close(), c.Close()); err != nil {
			t.Error(err)
		}
	})
}

func TestANATSThatIsAbsentStopsNobody(t *testing.T) {
	onEach(t, func(t *testing.T, url string) {
		c, err := client.New(t.Context(), client.Config{DatabaseURL: url, NATSURL: "nats://127.0.0.1:1", Logger: quiet})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Enqueue(t.Context(), one("a")); err != nil {
			t.Error(err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
}
