# Every target works from a fresh clone. Tools that Go does not bring (the
# linter, oauth2-proxy, Node.js where the system's is too old) are kept in .cache.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

export PATH := $(CURDIR)/.cache/bin:$(PATH)

# Passed on to the program by `make run` and `make bench`.
ARGS ?=
# How many inputs `make fuzz` gives each target ("20000x"), or for how long ("1m").
FUZZTIME ?= 20000x

# The packages whose values are used by many goroutines at once.
RACE_PACKAGES := ./internal/store/... ./internal/cognito/... ./internal/outbound/... ./internal/web/... ./internal/server/... ./internal/gateway/... ./test/api

.PHONY: help build run test test-long check bench lint fmt generate generate-check vet race fuzz setup

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build bin/cognate, one static binary
	CGO_ENABLED=0 go build -trimpath -o bin/cognate ./cmd/cognate

run: build ## build and start a development server (ARGS='--memory' adds flags)
	./bin/cognate dev $(ARGS)

setup: .cache/bin/oauth2-proxy
	@scripts/setup-tests

test: setup ## install what the tests need, then run all of them on SQLite, PostgreSQL and with real clients
	COGNATE_REQUIRE_CLIENTS=1 go test ./...
	COGNATE_TEST_DB=postgres COGNATE_REQUIRE_POSTGRES=1 COGNATE_REQUIRE_CLIENTS=1 go test ./internal/store/... ./test/...

test-long: setup ## the same tests with the long versions of the load, crash and property tests
	COGNATE_TEST_LONG=1 COGNATE_REQUIRE_CLIENTS=1 go test -timeout 60m ./...
	COGNATE_TEST_LONG=1 COGNATE_TEST_DB=postgres COGNATE_REQUIRE_POSTGRES=1 COGNATE_REQUIRE_CLIENTS=1 \
		go test -timeout 60m ./internal/store/... ./test/...

check: generate-check lint vet race ## generated code is current, lint, vet, and race tests on SQLite

vet:
	go vet ./...

race:
	go test -race $(RACE_PACKAGES)

bench: build ## measure operations per second and CPU per operation
	go run ./test/bench $(ARGS)

lint: .cache/bin/golangci-lint ## run the linters of .golangci.yml
	.cache/bin/golangci-lint run ./...

fmt: .cache/bin/golangci-lint ## format the code as lint asks for it
	.cache/bin/golangci-lint fmt ./...

generate: ## write the generated code and documents anew
	go generate ./...

generate-check:
	@scripts/check-generated

fuzz: ## run every fuzz target with FUZZTIME inputs (default 20000x)
	@scripts/fuzz $(FUZZTIME)

# A client of the tests, with a module of its own so that what it needs does not
# decide the versions of the linters.
.cache/bin/oauth2-proxy: tools/oauth2-proxy/go.mod tools/oauth2-proxy/go.sum
	cd tools/oauth2-proxy && GOBIN='$(CURDIR)/.cache/bin' go install github.com/oauth2-proxy/oauth2-proxy/v7
	@touch $@

.cache/bin/%: tools/go.mod tools/go.sum
	cd tools && GOBIN='$(CURDIR)/.cache/bin' go install "$$(go list tool | grep '/$*$$')"
	@touch $@
