#!/bin/sh
# Books and reads a table back. $1 is the base address.
set -eu
curl --fail --silent --show-error "$1/bookings/health"
curl --fail --silent --show-error -X POST -d '{"id": "smoke"}' "$1/bookings/new"
