#!/bin/sh
# larpix-monitor with the lineage explorer beside it:
#
#     monitor_with_lineage.sh IN OUT [options of run_monitor.py]
#
# run_monitor.py draws the plots of a data file again, over the old ones, at every look while the
# file grows. --settle is longer than the time between two looks (--interval, 30 s), so that the
# plots are imported when the data file is complete, and not each of their states before. What the
# watch still waits for when the monitor ends is imported then.
set -u
in=$1
out=$2
shift 2

lineage watch "$in" "$out" --settle 120 &
watch=$!
trap 'kill "$watch" 2>/dev/null; wait "$watch"; lineage import "$in" "$out"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

run_monitor.py -i "$in" -o "$out" "$@"
