#!/usr/bin/env bash
# Starts a JobManager and the TaskManagers of conf/workers on this host. Arguments go to `flinkctl cluster start`.
bin=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
exec "$bin/flinkctl" cluster start "$@"
