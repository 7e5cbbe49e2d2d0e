# Everyday commands; `make help` lists them. Node 20 or newer starts them, the project's own Node 24 (a package) runs them.
.DEFAULT_GOAL := help
.PHONY: help install up down status logs demo test lint check format schemas networks time-zones bench bench-otp bench-catalog bench-sql bench-archive bench-state bench-upload routing-lab abnormal-lab scheduled faults interop audit check-metrics alerts alerts-fire dashboards clean console-shots console-tour console-dark
BIN := node_modules/.bin
CLUSTER = npm run -s cluster --

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

install: node_modules/.package-lock.json

node_modules/.package-lock.json: package.json package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

up: install ## start Kafka, registry, ClickHouse, all services and the provider simulators (BROKERS=3 for three brokers)
	@$(CLUSTER) up

down: install ## stop everything
	@$(CLUSTER) down

status: install ## what runs, and how it is
	@$(CLUSTER) status

logs: install ## logs of one process: make logs NAME=router [FOLLOW=-f]
	@$(CLUSTER) logs $(NAME) $(FOLLOW)

demo: install ## 20,000 messages through everything, with a provider failing half-way, and the proof that none is missing
	@$(BIN)/node infra/demo/demo.ts

test: install ## unit, contract, integration and end-to-end tests on the real components
	@$(BIN)/node test/run.ts

lint: install ## format, lint, types, import rules
	@npm run -s lint

check: install ## format, lint, types, import rules, unit tests: under a minute
	@npm run -s check

format: install ## format and fix what can be fixed
	@npm run -s format

schemas: install ## generate the TypeScript types from the Avro schemas
	@$(BIN)/node schemas/generate.ts

networks: install ## generate the networks by number prefix (downloads a pinned package; needs python3 with pip)
	@$(BIN)/node infra/networks/generate.ts

time-zones: install ## generate the time zones by number prefix (downloads a pinned package; needs python3 with pip)
	@$(BIN)/node infra/time-zones/generate.ts

bench: install ## the pipeline at its maximum for a minute; BENCH_SECONDS=10 for a short one
	@$(BIN)/node test/bench/bench.ts

bench-otp: install ## how long an otp waits while marketing drains, beside an earlier commit, in turns; OTP_BACKLOG=500000 OTP_SECONDS=600 the long form
	@$(BIN)/node test/bench/otp-beside-marketing.ts

bench-catalog: install ## what otp feels of 10,000 routes and 50,000 prices that are applied at 70 % of the maximum
	@$(BIN)/node test/bench/catalog-under-load.ts

bench-sql: install ## what ClickHouse's tables cost: CPU of an inserted row beside an earlier commit's, and the 25 questions on 10,000,000 messages; SQL_MESSAGES=300000 SQL_BLOCKS=12 a short one
	@$(BIN)/node test/bench/sql/bench-sql.ts

bench-archive: install ## a day of a million messages archived, dropped and restored, and 300,000 events compared with their rows (minutes)
	@$(BIN)/node test/bench/archive.ts

bench-state: install ## what is remembered by recipient, on disk: read from a real broker, asked for, taken over; STATE_SUPPRESSIONS=20000000 STATE_CAPPED=5000000 STATE_SCHEDULED=2000000 the sizes aimed at
	@$(BIN)/node test/bench/state/bench-state.ts

bench-upload: install ## a file of a million messages uploaded to a real broker, its instance killed in the middle, and taken up again; UPLOAD_LINES=20000 a short one
	@UPLOAD_LINES=$${UPLOAD_LINES:-1000000} $(BIN)/vitest run --project integration test/integration/ingest/uploads.test.ts

routing-lab: install ## how well the router buys, in simulated worlds: regret, receipts that collapse, dark links, false alarms (minutes); LAB=pipeline once on the real pipeline
	@case "$(LAB)" in \
	"") $(BIN)/node test/lab/lab.ts ;; \
	pipeline) $(BIN)/node test/lab/pipeline/main.ts ;; \
	*) echo 'LAB="$(LAB)": pipeline, or nothing for the simulated worlds' >&2; exit 2 ;; \
	esac

abnormal-lab: install ## how well abnormal traffic is found, in simulated months with labelled attacks: precision, recall, time, money (minutes)
	@$(BIN)/node test/lab/abnormal/lab.ts

scheduled: install ## 100,000 messages that fall due in one minute, at 3,000 a second: how late they are (five minutes); KILLS=both with both routers killed meanwhile
	@SLUICE_SCHEDULED_MESSAGES=$(or $(MESSAGES),100000) SLUICE_SCHEDULED_RATE=$(or $(RATE),3000) SLUICE_SCHEDULED_KILLS=$(or $(KILLS),none) \
	$(BIN)/node node_modules/vitest/vitest.mjs run --project e2e test/e2e/scheduled.test.ts -t "due in one minute"

faults: install ## the promises of docs/guarantees.md under injected faults; PROMISES=1,7 some of them, FORM=short a few minutes
	@$(BIN)/node test/faults/run-promises.ts

alerts-fire: install ## every alert by a real fault on a real pipeline: cause, alert, seconds (a quarter of an hour); CAUSES=dark,quota some of them
	@$(BIN)/node test/faults/alerts/fire.ts

interop: install ## Sluice with message centres, SDKs and Kafka clients that others wrote; CASES=jsmpp,twilio some of them
	@$(BIN)/node test/interop/run-interop.ts

console-shots: install ## the running cluster's console in Chromium (Debian's package): each view and dialog, pictures in .sluice/shots, axe, weight of the first load
	@$(BIN)/node test/browser/console-shots.ts

console-tour: install ## what people do on the running cluster's console, done in Chromium: search, explain, simulate, drain, roll back, a replay, inbound, consent, by keyboard
	@$(BIN)/node test/browser/console-tour.ts

console-dark: install ## how soon the running cluster's console shows in Chromium that a provider has gone dark
	@$(BIN)/node test/browser/console-dark.ts

audit: install ## accepted against terminal, from the topics of the running cluster
	@env $$($(CLUSTER) env) $(BIN)/node services/cli/sluice.ts audit

check-metrics: install ## the running services' metrics pages by the rules of Prometheus (and promtool, where it is installed)
	@$(BIN)/node infra/prometheus/check-metrics.ts

alerts: install ## generate Prometheus's alert rules from pipeline/alerts, and check and test them (promtool, where it is installed)
	@$(BIN)/node infra/prometheus/generate.ts

dashboards: install ## generate Grafana's dashboards from infra/grafana/boards
	@$(BIN)/node infra/grafana/generate.ts
	@$(BIN)/biome format --write infra/grafana/dashboards

clean: ## stop everything and remove its data and logs (keeps downloads)
	@$(CLUSTER) down --wipe
