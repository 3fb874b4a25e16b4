#!/bin/sh
# The same with the docker command: what does not depend on another is started, and removed, at once. Envoy comes last,
# since it asks for the stubs by name.
set -eu
here=$(CDPATH='' cd -- "${0%/*}" && pwd)
run=chaos-bench-$$
trap 'docker rm -fv $run-shop $run-till $run-envoy >/dev/null; docker network rm $run >/dev/null' EXIT
docker network create $run >/dev/null
for stub in shop till; do
  docker run -d --name $run-$stub --network $run --network-alias $stub -e STUB_PORT=8001 -e STUB_HOST=0.0.0.0 \
    -v "$here/stub.mjs:/stub.mjs:ro" "$NODE_IMAGE" node /stub.mjs >/dev/null &
done
wait
docker run -d --name $run-envoy --network $run -p "127.0.0.1:$LISTENER_PORT:10000" \
  -v "$here/docker-envoy.yaml:/envoy.yaml:ro" "$ENVOY_IMAGE" envoy -c /envoy.yaml --concurrency 1 -l error >/dev/null
"$NODE" "$here/load.mjs"
