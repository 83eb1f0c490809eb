module github.com/tidepool/reports

go 1.23

require (
	github.com/jackc/pgx/v5 v5.7.1
	github.com/prometheus/client_golang v1.20.5
	go.opentelemetry.io/otel v1.32.0
)
