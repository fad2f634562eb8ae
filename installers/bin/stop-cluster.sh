#!/usr/bin/env bash
# Stops what start-cluster.sh, jobmanager.sh and taskmanager.sh started.
bin=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
exec "$bin/flinkctl" cluster stop "$@"
