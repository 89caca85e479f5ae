# Everything is built by Go alone: no C compiler, no container, no download but Go modules.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# RACE=1 turns the race detector on; it is the one thing that needs a C compiler.
RACE ?=
export CGO_ENABLED := $(if $(RACE),1,0)
TEST := go test $(if $(RACE),-race) -timeout 20m

# Tests that start a control plane or another process; `make test-fast` leaves them out.
SLOW := /test/(e2e|controlplane|demo|distribution|signing/cosign|fluxcontrollers|stack)(/|$$)
FAST = $(shell go list ./... | grep -Ev '$(SLOW)')
MODULES := . test/controlplane/binaries test/controlplane/fluxcrds test/distribution/binaries test/signing/cosign/binaries

GOLANGCI_LINT_VERSION := v2.15.0
GOLANGCI_LINT := bin/golangci-lint-$(GOLANGCI_LINT_VERSION)
CONTROLLER_GEN_VERSION := v0.23.0
CONTROLLER_GEN := bin/controller-gen-$(CONTROLLER_GEN_VERSION)

##@ Everyday

.PHONY: help
help: ## Show this help
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build bin/fluxgate
	@echo "building bin/fluxgate (the first time takes minutes)"
	@go build -trimpath -ldflags "-s -w" -o bin/fluxgate ./cmd/fluxgate

.PHONY: demo
demo: controlplane build ## Show Fluxgate at work on a real API server; KEEP=1 leaves it up
	@go build -o bin/demo ./test/demo # `go run` would end with an error at Ctrl-C, which is how KEEP=1 is to end
	@KEEP=$(KEEP) bin/demo

.PHONY: fmt
fmt: ## Format the Go code
	@gofmt -w $$(git ls-files --cached --others --exclude-standard '*.go')

##@ Tests

.PHONY: test
test: controlplane registry cosign fluxcontrollers build ## Run all tests, and build what they need; RACE=1 with the race detector
	@$(TEST) ./...

.PHONY: test-fast
test-fast: ## Run the tests that need no control plane
	@$(TEST) $(FAST)

FUZZTIME ?= 10s
.PHONY: fuzz
fuzz: ## Run each fuzz target for FUZZTIME (10s)
	@grep -rHoE '^func Fuzz[A-Za-z0-9_]+' --include='*_test.go' . | sed 's/:func / /' | while read -r file target; do \
		echo "$$target"; \
		go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$(dirname "$$file")"; \
	done

.PHONY: bench
bench: ## Print the benchmarks: packages alone, then the webhooks over HTTPS beside a no-op
	@go test -run '^$$' -bench . -benchmem $(FAST)
	@go run ./test/bench

.PHONY: controlplane
controlplane: ## Build etcd, kube-apiserver and kubectl for the tests, unless they are there
	@go run ./test/controlplane/build

.PHONY: registry
registry: ## Build the CNCF distribution registry for the tests, unless it is there
	@go run ./test/distribution/build

.PHONY: cosign
cosign: ## Build the command line of cosign for the tests, unless it is there
	@go run ./test/signing/cosign/build

.PHONY: fluxcontrollers
fluxcontrollers: ## Build Flux's controllers for the tests, unless they are there
	@go run ./test/fluxcontrollers/build

##@ Before a commit

.PHONY: lint
lint: $(GOLANGCI_LINT) ## Run the linters
	@$(GOLANGCI_LINT) run

$(GOLANGCI_LINT):
	@echo "building golangci-lint $(GOLANGCI_LINT_VERSION), once: minutes"
	@GOBIN="$(CURDIR)/bin" go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)
	@mv bin/golangci-lint $@

.PHONY: generate
generate: $(CONTROLLER_GEN) ## Write generated files again: the CRDs, and the code that copies their types
	@go generate ./...
	@$(CONTROLLER_GEN) object crd paths=./policy/v1alpha1 output:crd:dir=deploy/crds

$(CONTROLLER_GEN):
	@echo "building controller-gen $(CONTROLLER_GEN_VERSION), once"
	@GOBIN="$(CURDIR)/bin" go install sigs.k8s.io/controller-tools/cmd/controller-gen@$(CONTROLLER_GEN_VERSION)
	@mv bin/controller-gen $@

# What the tree is like, changes included: `make verify` must leave it so.
STATE = { git status --porcelain; git diff; } | sha256sum

.PHONY: verify
verify: ## Fail where generated files, formatting or go.mod files are not up to date
	@before=$$($(STATE)); $(MAKE) --no-print-directory generate; \
		[ "$$before" = "$$($(STATE))" ] || { git status --short; echo "make generate changed the tree: commit what it wrote"; exit 1; }
	@unformatted=$$(gofmt -l $$(git ls-files --cached --others --exclude-standard '*.go')); \
		[ -z "$$unformatted" ] || { echo "not formatted (make fmt):"; echo "$$unformatted"; exit 1; }
	@for module in $(MODULES); do echo "go mod tidy -diff in $$module"; (cd "$$module" && go mod tidy -diff); done

##@ Cleaning

.PHONY: clean
clean: ## Remove what was built
	@rm -rf bin
