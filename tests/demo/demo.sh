#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Plays the examples on real traffic, in network namespaces that it makes and removes. Ends with a
# status other than 0 when a request went where no rule sends it, so it is a test as well.
# SLUICE_BIN: folder of the programs (build/bin).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tests/demo/show.sh

bin=${SLUICE_BIN:-build/bin}
keep=
case ${1:-} in
  "") ;;
  --keep) keep=yes ;;
  *) echo "usage: demo.sh [--keep]" >&2; exit 64 ;;
esac
((EUID == 0)) || { echo "the demo makes network namespaces: run it as root" >&2; exit 77; }

if [[ $keep ]]; then state=/run/sluice-lab/demo; else state=$(mktemp -d); fi
sluiced_pid=

# --- the stage ---------------------------------------------------------------------------------

lab() { "$bin/lab" --state "$state" "$@"; }
ctl() { "$bin/sluicectl" --socket "$LAB_SOCKET" "$@"; }
web() { lab exec web -- "$@"; }

clean_up() {
  local status=$?
  trap - EXIT INT TERM
  local job
  # sluiced, and what an interrupted step was waiting for; each may have ended by itself.
  for job in $(jobs -p); do kill "$job" 2>/dev/null || true; done
  wait
  [[ ! -e $state/lab.json ]] || lab down || status=1
  [[ ! -d $state ]] || rmdir "$state" || status=1
  exit "$status"
}

raise_curtain() {
  [[ ! -e $state/lab.json ]] || lab down
  trap clean_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  # A lab that is not to be kept goes with this shell, also when that is killed.
  if [[ $keep ]]; then lab up; else lab up --owner $$; fi
  eval "$(lab env)"
  setsid "$bin/lab" --state "$state" exec node -- "$PWD/$(relative "$bin/sluiced")" \
    --config "$LAB_CONFIG" --pin-root "$LAB_BPFFS/sluice" --socket "$LAB_SOCKET" \
    --metrics 127.0.0.1:15020 >"$LAB_DIRECTORY/sluiced.log" 2>&1 </dev/null &
  sluiced_pid=$!
  wait_until_ready
}

relative() { realpath -s --relative-to=. "$1"; }

# Until sluiced answers that it has applied what is there, or has ended.
wait_until_ready() {
  "$bin/sluicectl" --socket "$LAB_SOCKET" status --wait=30s >"$LAB_DIRECTORY/status" 2>&1 &
  local asking=$! ended status=0
  wait -n -p ended "$asking" "$sluiced_pid" || status=$?
  ((ended != asking || status != 0)) || return 0
  cat "$LAB_DIRECTORY/status" "$LAB_DIRECTORY/sluiced.log" >&2
  return 1
}

# apply EXAMPLE [NAME]: what a user does: copy a file, wait until it is in force.
apply() {
  local name=${2:-$1}
  command_line "cp examples/$1 \$CONFIG/$name && sluicectl status --wait"
  cp "examples/$1" "$LAB_CONFIG/$name"
  ctl status --wait=30s >"$LAB_DIRECTORY/status" || { cat "$LAB_DIRECTORY/status" >&2; return 1; }
}

# --- the client --------------------------------------------------------------------------------

# What curl prints of each request: who answered, status, seconds, connections that it opened.
readonly format='%header{x-version} %{http_code} %{time_total} %{num_connects}\n'

# requests COUNT URL [CURL OPTION…]: one curl, one keep-alive connection.
requests() {
  local count=$1 url=$2
  shift 2
  web curl -sS -o /dev/null -w "$format" "$@" "$url/[1-$count]"
}

# over_connections CONNECTIONS EACH URL: several curls at the same time.
over_connections() {
  local connections=$1 each=$2 url=$3 i pids=()
  for ((i = 0; i < connections; i++)); do
    requests "$each" "$url" >"$LAB_DIRECTORY/answers.$i" &
    pids+=($!)
  done
  # One by one: `wait` with a list answers the last one's status alone.
  for i in "${pids[@]}"; do wait "$i"; done
  cat "$LAB_DIRECTORY"/answers.*
  rm "$LAB_DIRECTORY"/answers.*
}

# mixed COUNT: requests with and without the header in turn, all on one connection.
mixed() {
  local i
  for ((i = 0; i < $1; i++)); do
    ((i == 0)) || echo next
    printf 'url = "http://product-api/%d"\noutput = /dev/null\nsilent\nshow-error\n' "$i"
    ((i % 2)) || echo 'header = "user-group: beta"'
    printf 'write-out = "%s %s\\n"\n' "$((i % 2))" '%header{x-version} %{num_connects}'
  done | web curl -K -
}

# --- the play ----------------------------------------------------------------------------------

play_header_rule() {
  title "1. Beta users see version 2"
  apply product-api-destinationrule.yaml
  apply product-api-header.yaml product-api.yaml
  command_line "curl http://product-api/"
  say "  answered by $(requests 1 http://product-api | cut -d' ' -f1)"
  command_line "curl -H 'user-group: beta' http://product-api/"
  say "  answered by $(requests 1 http://product-api -H 'user-group: beta' | cut -d' ' -f1)"

  say "400 requests on one keep-alive connection, every second one by a beta user:"
  local answers
  answers=$(mixed 400)
  expect "beta users on v2" 200 "$(grep -c '^0 v2 ' <<<"$answers" || true)"
  expect "everybody else on v1" 200 "$(grep -c '^1 v1 ' <<<"$answers" || true)"
  expect "connections used" 1 "$(sum 3 <<<"$answers")"
}

# play_split NAME EXAMPLE V1 CONNECTIONS EACH: V1 is the share of v1 in percent.
play_split() {
  local answers
  apply "$2" product-api.yaml
  say "$(($4 * $5)) requests over $4 keep-alive connections:"
  answers=$(over_connections "$4" "$5" http://product-api)
  shares "$3" <<<"$answers"
  expect "connections used" "$4" "$(sum 4 <<<"$answers")"
}

play_canary() {
  title "2. A canary: 90 % version 1, 10 % version 2"
  say "Each request is drawn anew (the default):"
  play_split canary product-api-canary-90-10.yaml 90 4 250

  local answers
  say "Each connection is drawn once, by the kernel at connect(); no proxy in the path:"
  apply product-api-canary-90-10-connection.yaml product-api.yaml
  say "1000 connections with one request each:"
  answers=$(requests 1000 http://product-api -H 'Connection: close')
  shares 90 <<<"$answers"
  expect "connections used" 1000 "$(sum 4 <<<"$answers")"

  title "   … then half and half, then version 2 for everyone, by changing the file"
  play_split half product-api-50-50.yaml 50 4 250
  play_split all product-api-v2.yaml 0 4 25
}

play_faults() {
  title "3. What if ratings were slow for jason?"
  apply ratings-delay.yaml ratings.yaml
  say "100 parallel requests by jason, of which half wait 5 seconds, and 100 by others:"
  local answers started=$SECONDS
  answers=$(parallel 100 -H 'end-user: jason')
  share "jason waited 5 s" 50 "$(slow <<<"$answers")" 100
  expect "jason got an answer" 100 "$(grep -c ' 200 ' <<<"$answers" || true)"
  answers=$(parallel 100)
  expect "others waited" 0 "$(slow <<<"$answers")"
  say "  (all that took $((SECONDS - started)) s)"

  title "   … and if they failed?"
  apply ratings-abort.yaml ratings.yaml
  answers=$(requests 400 http://ratings -H 'end-user: jason')
  share "jason got 503" 50 "$(grep -c ' 503 ' <<<"$answers" || true)" 400
  answers=$(requests 100 http://ratings)
  expect "others got 503" 0 "$(grep -c ' 503 ' <<<"$answers" || true)"
}

parallel() {
  local count=$1
  shift
  web curl -sS -Z --no-progress-meter --parallel-max "$count" --parallel-immediate -o /dev/null -w "$format" "$@" \
    "http://ratings/[1-$count]"
}

slow() { awk '$(NF-1) >= 5 {n++} END {print n + 0}'; }

explain() {
  title "4. Ask it why"
  command_line "sluicectl get routes"
  ctl get routes
  command_line "sluicectl explain --from default/web --to ratings -H 'end-user: jason'"
  ctl explain --from default/web --to ratings -H 'end-user: jason'
}

leave_running() {
  local lab_command
  lab_command=$(relative "$bin/lab")
  title "It is all still there. Try:"
  say "  $lab_command exec web -- curl -i http://product-api/"
  say "  $lab_command exec web -- curl -i -H 'end-user: jason' http://ratings/"
  say "  export SLUICE_SOCKET=$LAB_SOCKET"
  say "  $(relative "$bin/sluicectl") --socket \$SLUICE_SOCKET status"
  say "  $(relative "$bin/sluicectl") --socket \$SLUICE_SOCKET stat"
  say "  cp examples/product-api-50-50.yaml $LAB_CONFIG/product-api.yaml"
  say "  $lab_command exec node -- curl http://127.0.0.1:15020/metrics"
  say "Remove it with:"
  say "  $lab_command down"
  trap - EXIT INT TERM
}

title "The stage"
say "A client (web), product-api in version 1 (two pods) and version 2 (one pod), ratings in version 1:"
say "each in a network namespace and a cgroup of its own, with no route to anywhere else."
say "The client calls cluster IPs, as in Kubernetes; Sluice decides where its connections go."
raise_curtain
play_header_rule
play_canary
play_faults
explain
((failures == 0)) || { say "$failures expectations failed"; exit 1; }
title "Everything went where the rules say."
[[ -z $keep ]] || leave_running
