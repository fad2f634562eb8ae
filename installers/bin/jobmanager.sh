#!/usr/bin/env bash
# Starts or stops a JobManager on this host: jobmanager.sh start|start-foreground|stop|stop-all [-D key=value ...]
bin=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
action=${1:-}
[ $# -eq 0 ] || shift
case $action in
  start) exec "$bin/flinkctl" cluster start --only jobmanager "$@" ;;
  start-foreground) exec "$bin/flink-jobmanager" "$@" ;;
  stop | stop-all) exec "$bin/flinkctl" cluster stop --only jobmanager "$@" ;;
  *)
    echo "Usage: jobmanager.sh (start|start-foreground|stop|stop-all) [-D key=value ...]" >&2
    exit 1
    ;;
esac
