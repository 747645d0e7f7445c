#!/bin/sh
# Every Windfall host has the Node that Windfall itself runs on; elsewhere the one on PATH does.
exec "${WINDFALL_NODE:-node}" "$(dirname "$0")/train.mjs" "$@"
