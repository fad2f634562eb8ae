#!/usr/bin/env bash
# Starts a TaskManager on this host, stops the newest or all of them:
#   taskmanager.sh start|start-foreground|stop|stop-all [-D key=value ...]
bin=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
action=${1:-}
[ $# -eq 0 ] || shift
case $action in
  start) exec "$bin/flinkctl" cluster start --only taskmanager -t 1 "$@" ;;
  start-foreground) exec "$bin/flink-taskmanager" "$@" ;;
  stop) exec "$bin/flinkctl" cluster stop --only taskmanager --newest "$@" ;;
  stop-all) exec "$bin/flinkctl" cluster stop --only taskmanager "$@" ;;
  *)
    echo "Usage: taskmanager.sh (start|start-foreground|stop|stop-all) [-D key=value ...]" >&2
    exit 1
    ;;
esac
