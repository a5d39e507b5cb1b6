package main

import (
	"slices"
	"strings"
	"testing"
)

func TestEveryPackageIsInExactlyOneGroup(t *testing.T) {
	plan := fixturePlan(t)
	want := map[string][]string{
		"language": {"errors", "unsafe"},
		"internal": {"internal/cpu", "internal/testonly"},
		"net-http": {"net/http", "net/http/inner"},
		"rest":     {"newcomer"},
	}
	for name := range roots {
		if !slices.Equal(plan.Groups[name], want[name]) {
			t.Errorf("group %s has %v, want %v", name, plan.Groups[name], want[name])
		}
	}
	if len(plan.Groups) != len(roots) {
		t.Errorf("%d groups, want %d", len(plan.Groups), len(roots))
	}
}

func TestTheLongestMatchChoosesTheGroup(t *testing.T) {
	for path, want := range map[string]string{
		"crypto": "crypto", "crypto/sha256": "crypto", "crypto/internal/fips140": "crypto-internal", "crypto/tls": "tls",
		"go": "go", "go/types": "go-types", "net/httpx": "net", "golang": "rest",
	} {
		if got := groupOf(path); got != want {
			t.Errorf("%s is in group %s, want %s", path, got, want)
		}
	}
}

func TestASourceWithoutPackagesIsAnError(t *testing.T) {
	if _, err := planOf(t.TempDir(), "go1.99"); err == nil || !strings.Contains(err.Error(), "golang-src") {
		t.Errorf("error is %v", err)
	}
}
