#!/bin/sh
set -e
curl --fail "$1/healthz"
curl --fail "$1/parcels/1"
