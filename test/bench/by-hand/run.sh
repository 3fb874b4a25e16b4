#!/bin/sh
# The least that somebody would write to drive load through an Envoy to a stub: all three are started at once, and the
# load waits until it gets through.
set -eu
here=${0%/*}
"$NODE" "$here/stub.mjs" & stub=$!
"$ENVOY" -c "$ENVOY_CONFIG" --concurrency 1 -l error --disable-hot-restart & envoy=$!
trap 'kill -9 $stub $envoy' EXIT
"$NODE" "$here/load.mjs"
