#!/bin/sh
# Checks a running gateway from outside, step by step: over REST with curl, over gRPC with buf where it is installed.
#
#   scripts/smoke.sh [HTTP_URL [GRPC_URL]]        defaults: http://localhost:8081 http://localhost:8080
#
# In the environment: ACCESS_TOKEN, if the gateway asks for one; SMOKE_PROMPT, what to ask the agent (unset: no model is needed),
# and SMOKE_ANSWER, what its answer must hold. Ends with 1 when a step failed. It leaves a session behind, and no file.
set -u

http=${1:-http://localhost:8081}
grpc=${2:-http://localhost:8080}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failures=0

# Not on the command line, where everybody on this machine could read it.
umask 077
: > "$folder/headers"
if [ -n "${ACCESS_TOKEN:-}" ]; then echo "authorization: Bearer $ACCESS_TOKEN" > "$folder/headers"; fi

# step NAME COMMAND...: the command's output is told when it fails.
step() {
  name=$1
  shift
  if "$@" > "$folder/output" 2>&1; then
    echo "ok      $name"
  else
    echo "failed  $name"
    head -c 600 "$folder/output" | sed 's/^/          /'
    failures=$((failures + 1))
  fi
}

skip() {
  echo "SKIPPED $1"
}

# rest PATH [CURL OPTION...]
rest() {
  path=$1
  shift
  curl --silent --show-error --fail-with-body --max-time 60 --header "@$folder/headers" "$@" "$http$path"
}

holds() {
  pattern=$1
  shift
  "$@" > "$folder/answer" || { cat "$folder/answer"; return 1; }
  grep -q -e "$pattern" "$folder/answer" || { echo "no $pattern in:"; cat "$folder/answer"; return 1; }
}

refuses_strangers() {
  status=$(curl --silent --output /dev/null --write-out '%{http_code}' --max-time 10 "$http/session")
  echo "without a token: $status"
  [ "$status" = 401 ]
}

# The name is ours alone: two runs may meet.
keeps_files() {
  file="smoke-$$.bin"
  head -c 100000 /dev/urandom > "$folder/sent"
  rest "/files/$file" --upload-file "$folder/sent" --header 'content-type: application/octet-stream' || return 1
  rest "/files/$file" --header 'accept: application/octet-stream' --output "$folder/received" || return 1
  cmp "$folder/sent" "$folder/received" || return 1
  holds "$file" rest /files || return 1
  rest "/files/$file" --request DELETE
}

# The stream has no end: that it begins is enough.
streams() {
  curl --silent --no-buffer --max-time 3 --header "@$folder/headers" --header 'accept: text/event-stream' \
    --dump-header "$folder/head" --output "$folder/events" "$http/messages/stream"
  cat "$folder/head"
  grep -qi '^content-type: text/event-stream' "$folder/head"
}

answers() {
  escaped=$(printf %s "$SMOKE_PROMPT" | sed 's/[\\"]/\\&/g')
  holds '"TURN_STATE_COMPLETED"\|FINISH_REASON_END_TURN' rest /messages --no-buffer --header 'content-type: application/json' \
    --header 'accept: text/event-stream' --data-raw "{\"parts\":[{\"text\":{\"text\":\"$escaped\"}}]}" || return 1
  [ -z "${SMOKE_ANSWER:-}" ] || holds "$SMOKE_ANSWER" rest /messages
}

# call METHOD: by reflection, or where that is off by the contract beside this script.
call() {
  schema=$(dirname "$0")/../proto
  case $grpc in
    https:*) ;;
    *) set -- "$@" --http2-prior-knowledge ;;
  esac
  if [ -d "$schema" ]; then set -- "$@" --schema "$schema"; fi
  method=$1
  shift
  "$buf" curl --protocol grpc --header "@$folder/headers" --data '{}' "$@" "$grpc/$method"
}

step 'health' holds '"status"' rest /health
step 'session' holds '"id"' rest /session
step 'statistics' rest /session/stats
step 'history' rest /messages
step 'models' rest /models
step 'files: write, read, list, delete' keeps_files
step 'event stream' streams
if [ -n "${ACCESS_TOKEN:-}" ]; then step 'no entry without a token' refuses_strangers; else skip 'no entry without a token: ACCESS_TOKEN is unset'; fi
if [ -n "${SMOKE_PROMPT:-}" ]; then step 'prompt' answers; else skip 'prompt: SMOKE_PROMPT is unset'; fi

buf=$(command -v buf || command -v "$(dirname "$0")/../node_modules/.bin/buf")
if [ -n "$buf" ]; then
  step 'gRPC: health' holds SERVING call grpc.health.v1.Health/Check
  step 'gRPC: session' holds '"id"' call opencode.v1.OpenCodeService/GetSession
  step 'gRPC: files' call opencode.v1.OpenCodeService/ListFiles
else
  skip 'gRPC: buf is not installed'
fi

if [ "$failures" -gt 0 ]; then
  echo "smoke: $failures steps failed at $http" >&2
  exit 1
fi
echo "smoke: $http works"
