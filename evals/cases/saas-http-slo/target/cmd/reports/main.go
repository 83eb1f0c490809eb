package main

import (
	"log/slog"
	"net/http"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

var requests = promauto.NewCounterVec(prometheus.CounterOpts{
	Name: "reports_http_requests_total",
	Help: "Requests answered by the reports API.",
}, []string{"route", "code"})

func main() {
	log := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.Handler())
	mux.HandleFunc("/livez", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	mux.HandleFunc("/readyz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	mux.HandleFunc("/v1/reports", func(w http.ResponseWriter, _ *http.Request) {
		requests.WithLabelValues("/v1/reports", "200").Inc()
		w.WriteHeader(http.StatusOK)
	})
	log.Info("listening", "port", 8000)
	if err := http.ListenAndServe(":8000", mux); err != nil {
		log.Error("stopped", "error", err)
		os.Exit(1)
	}
}
