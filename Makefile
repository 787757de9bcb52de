# Plain `make` lists the targets.
export CGO_ENABLED = 0
GO      ?= go
BIN     := bin
SEED    ?= 1
ROUNDS  ?= 20
# Packages with goroutines: the race detector runs on these.
RACE := ./appliance/... ./inner/... ./internal/adopt/... ./internal/auditlog/... ./internal/auth/... ./internal/deadletter/... ./internal/exec/... ./internal/query/... ./internal/store/... ./receiver/... ./outer/... ./internal/arrival/... ./internal/catalog/... ./internal/commitlog/... \
	./internal/ingest/... ./internal/pipe/engine/... ./internal/pipe/builtin/... ./internal/rpc/... ./internal/sender/... ./internal/thriftsink/... ./firmware-test/gatesim/... ./firmware-test/proc/...

.PHONY: help
help: ## list the targets
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build the binaries into bin/
	@mkdir -p $(BIN)
	$(GO) build -trimpath -ldflags="-s -w" -o $(BIN)/ ./appliance/cmd/inner-gateway ./appliance/cmd/outer-gateway ./appliance/cmd/gatectl ./firmware-test/cmd/gate-simulator ./firmware-test/cmd/oneway-prove

.PHONY: demo
demo: build ## both gateways and the simulator on loopback: a point crosses the gate
	@$(GO) run ./firmware-test/demo -bin $(BIN)

.PHONY: test
test: ## every test that needs only Go, the race detector where there are goroutines
	$(GO) vet ./...
	$(GO) test ./...
	CGO_ENABLED=1 $(GO) test -race -short $(RACE)

.PHONY: check
check: ## gofmt, vet and the house rules
	@out=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$out" || { echo "gofmt: $$out"; exit 1; }
	$(GO) vet ./...
	$(GO) test ./internal/lint

.PHONY: fuzz
fuzz: ## fuzz every decoder for FUZZTIME each (default 20s)
	@for p in $$(grep -rl '^func Fuzz' --include=*_test.go . | xargs -n1 dirname | sort -u); do \
	  for f in $$(grep -ho '^func Fuzz[A-Za-z0-9_]*' $$p/*_test.go | sed 's/func //'); do \
	    echo "$$p $$f"; $(GO) test $$p -run '^$$' -fuzz "^$$f$$" -fuzztime $${FUZZTIME:-20s} || exit 1; done; done

.PHONY: interop
interop: build ## with a real Apache IoTDB 2.0.1-beta from Maven Central (needs a JDK, Maven, Python)
	SLUICE_BIN=$(CURDIR)/$(BIN) $(GO) test -tags interop -count=1 -timeout 30m -v ./firmware-test/interop/...

.PHONY: crash
crash: build ## kill -9 and cut at random: SEED=n ROUNDS=n
	$(GO) run ./firmware-test/crash -bin $(BIN) -seed $(SEED) -rounds $(ROUNDS)

.PHONY: e2e
e2e: build ## both gateways and the simulator in three network namespaces, captured and judged (root)
	$(GO) run ./firmware-test/e2e -bin $(BIN) -out $(BIN)/e2e

CAPTURES ?= $(wildcard $(BIN)/e2e/*.pcapng)
PROVE    ?= --inner 10.90.1.2,10.90.2.1 --outer-cable outer
.PHONY: prove
prove: build ## signed report from captures: those of make e2e, or CAPTURES="inner=a.pcapng outer=b.pcapng" PROVE="--inner 10.1.0.0/16 --outer-cable outer"
	@mkdir -p $(BIN)
	@test -n "$(CAPTURES)" || { echo 'no captures: make e2e first (root), or make prove CAPTURES="inner=a.pcapng outer=b.pcapng" PROVE="--inner NET --outer-cable outer"'; exit 2; }
	@test -f $(BIN)/prove.key || $(BIN)/oneway-prove keygen -o $(BIN)/prove
	$(BIN)/oneway-prove judge $(PROVE) --html $(BIN)/prove.html --report $(BIN)/prove.json --key $(BIN)/prove.key $(CAPTURES)
	@rm -rf $(BIN)/prove.copy && mkdir $(BIN)/prove.copy && for c in $(CAPTURES); do cp "$${c#*=}" $(BIN)/prove.copy/ || exit 1; done
	$(BIN)/oneway-prove check --key $(BIN)/prove.pub $(BIN)/prove.json $(BIN)/prove.copy/*
	@rm -rf $(BIN)/prove.copy

.PHONY: bench
bench: build ## the figures: micro benchmarks, then end to end through the simulator
	$(GO) test -run '^$$' -bench . -benchmem ./framing ./internal/tablet ./internal/event ./internal/request ./internal/commitlog ./internal/ingest ./internal/query ./internal/rpc ./internal/store/merge ./internal/store/compact ./inner
	$(GO) run ./firmware-test/bench -bin $(BIN)
	$(GO) run ./firmware-test/tsbench

.PHONY: outage
outage: build ## the outer side gone for three minutes under full load: flat memory, quick start, all delivered
	$(GO) run ./firmware-test/bench -bin $(BIN) -only outage -outage 3m

.PHONY: soak
soak: build ## the outer side gone for an hour at PACE points/s (1 million; 0 = full load): the memory must stay flat
	$(GO) run ./firmware-test/bench -bin $(BIN) -only outage -outage 1h -pace $${PACE:-1000000}

.PHONY: docs
docs: ## regenerate the reference pages; fails if the tree was not clean
	UPDATE=1 $(GO) test ./appliance ./internal/lint ./internal/pipe/plugin ./firmware-test/cmd/gate-simulator -run 'Golden|Reference' -count=1
	git diff --exit-code docs

.PHONY: report
report: ## figures of the code: sizes, ratios, comments (read, not enforced)
	@REPORT=1 $(GO) test ./internal/lint -run TestReport -count=1 -v | grep -v -e '^=== ' -e '^---'

.PHONY: clean
clean: ## remove what was built
	rm -rf $(BIN)
