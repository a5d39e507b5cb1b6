# What people who work on Hammerwork call. `make help` lists it.

# The product is built without cgo; only the race detector needs it.
export CGO_ENABLED = 0

GO    ?= go
FILE  ?= examples/stdlib-report/workflow.yaml
SEEDS ?= 500
PGSEEDS ?= 20
SEED  ?= 1
JOBS  ?= 100000
CASES ?= 20000

# SQLite is C translated to Go: the race detector, and the checks of pointers
# that come with it, find nothing in it and make it many times slower. A package
# with instances of generic types of the standard library must keep the race
# detector: the linker takes one package's instance for all, and without it
# sync.Map orders nothing that the detector sees.
NORACE = -gcflags='modernc.org/...=-d=checkptr=0' \
	-gcflags='modernc.org/sqlite/lib=-race=false' -gcflags='modernc.org/memory=-race=false'

# What go test would vet again has been vetted before.
PACKAGES = -vet=off

# Some packages mostly wait, for leases to expire or messages to come again: more
# of them at once than there are cores. With the race detector they compute all
# the time, and more at once is only slower.
SIDE_BY_SIDE = -p 4

# The tools run at these versions, through the Go module proxy.
GOFUMPT     = mvdan.cc/gofumpt@v0.12.0
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2

.DEFAULT_GOAL := help
.PHONY: help run test check sim model model-sqlite model-sqlite-too model-postgres model-mysql e2e scale smoke lint fmt

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Run a workflow file: make run FILE=workflow.yaml
	$(GO) run ./cmd/hammerwork run $(FILE)

test: ## Test everything, as CI does; sets up what it needs
	@scripts/setup
	$(GO) vet ./...
	CGO_ENABLED=1 $(GO) test -race $(NORACE) $(PACKAGES) -timeout 25m $$($(GO) list ./... | grep -v '/e2e$$')
	@$(MAKE) --no-print-directory e2e
	@$(MAKE) --no-print-directory sim
	@$(MAKE) --no-print-directory model
	@scripts/smoke
	@echo "make test: everything passed"

check: lint ## The fast loop: lint, build, all tests but the end-to-end ones, without the race detector; what did not change is not run again
	$(GO) build ./...
	$(GO) test $(PACKAGES) $(SIDE_BY_SIDE) -timeout 10m $$($(GO) list ./... | grep -v '/e2e$$')
	@echo "make check: passed"

sim: ## Run the simulator: make sim SEEDS=5000; one run again: make sim SEEDS=1 SEED=17
	$(GO) test ./sim -v -run '^TestSeeds' -count 1 -timeout 30m -seeds=$(SEEDS) -pgseeds=$(PGSEEDS) -seed=$(SEED)

model: ## Hold decider and stores to the reference model, and play every small workflow; a million cases, over 5 hours: make model CASES=1000000 SEED=0
	$(GO) test ./pkg/workflow/model -v -count 1 -timeout 0 -cases=$$(($(CASES) / 4)) $(MODELSEED) -exhaustive
	@$(MAKE) --no-print-directory --output-sync -j4 model-sqlite model-sqlite-too model-postgres model-mysql

# Of the cases, each store plays a share that makes all end at about the
# same time, SQLite in two processes; a tenth as many besides with gates, parts and spawning. Each has cases of its own, the same each time
# unless SEED is given.
model-sqlite model-sqlite-too: SHARE = 43
model-postgres: SHARE = 10
model-mysql:    SHARE = 4
MODELSEED = $(if $(filter file,$(origin SEED)),,-rapid.seed=$(SEED))

model-sqlite-too: MODELSEED = -rapid.seed=$(if $(filter file,$(origin SEED)),2,$(if $(filter 0,$(SEED)),0,$(SEED)2))

model-sqlite model-sqlite-too model-postgres model-mysql:
	$(GO) test ./internal/store/$(word 2,$(subst -, ,$@)) -run 'Contract.*/^model(parts)?$$' -v -count 1 -timeout 0 -modelcases=$$(($(CASES) * $(SHARE) / 100)) -partscases=$$(($(CASES) * $(SHARE) / 1000)) $(MODELSEED)

e2e: ## Kill every process in turn while workflows run, and show the figures; with the race detector: make e2e RACE=yes
	CGO_ENABLED=$(if $(RACE),1,0) $(GO) test $(if $(RACE),-race $(NORACE)) ./e2e -v -count 1 -parallel 6 -timeout 20m

scale: ## Enqueue and run large workflows on each database, and show the figures: make scale JOBS=100000
	$(GO) test ./e2e -v -run Large -count 1 -timeout 60m -scale=$(JOBS) -limits

smoke: ## Build the binary and use it as a user would
	@scripts/smoke

lint: ## Check formatting, vet, staticcheck
	@unformatted=$$($(GO) run $(GOFUMPT) -l .) || exit 1; \
	if [ -n "$$unformatted" ]; then echo "make fmt would change:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...

fmt: ## Format every Go file
	$(GO) run $(GOFUMPT) -l -w .
