# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# How the demo talks: titles, bars, and expectations that are counted when they fail.

failures=0
bold='' dim='' green='' red='' plain=''
if [[ -t 1 && -z ${NO_COLOR:-} ]]; then
  bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
fi

say() { printf '%s\n' "$*"; }
title() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
command_line() { printf '%s$ %s%s\n' "$dim" "$*" "$plain"; }

passed() { printf '  %sok%s      %s\n' "$green" "$plain" "$*"; }
failed() {
  printf '  %sFAILED%s  %s\n' "$red" "$plain" "$*"
  failures=$((failures + 1))
}

# expect WHAT EXPECTED SEEN
expect() {
  if [[ $2 == "$3" ]]; then passed "$1: $3"; else failed "$1: $3, expected $2"; fi
}

# sum FIELD: of the numbers in that column of standard input.
sum() { awk -v field="$1" '{sum += $field} END {print sum + 0}'; }

# bar PERCENT: twenty blocks are 100 %.
bar() {
  local blocks
  blocks=$(awk -v p="$1" 'BEGIN {printf "%d", p / 5 + 0.5}')
  printf '%.0s█' $(seq 1 "$blocks")
}

# share WHAT EXPECTED_PERCENT COUNT TOTAL: shows the share, and fails when a fair draw would be as
# far from the expected one in fewer than one of a thousand runs (3.29 standard deviations).
share() {
  local percent text
  percent=$(awk -v n="$3" -v all="$4" 'BEGIN {printf "%.1f", all ? 100 * n / all : 0}')
  text=$(printf '%-18s %5s %%  %s/%s  %s' "$1" "$percent" "$3" "$4" "$( (($3 == 0)) || bar "$percent")")
  if awk -v n="$3" -v all="$4" -v p="$(awk -v p="$2" 'BEGIN {print p / 100}')" \
    'BEGIN {d = n - all * p; exit !(all > 0 && d * d <= 3.29 ^ 2 * all * p * (1 - p))}'; then
    passed "$text"
  else
    failed "$text, expected $2 %"
  fi
}

# shares V1_PERCENT: of answers on standard input, whose first word is the version.
shares() {
  local answers total
  answers=$(cat)
  total=$(wc -l <<<"$answers")
  share v1 "$1" "$(grep -c '^v1 ' <<<"$answers" || true)" "$total"
  share v2 "$((100 - $1))" "$(grep -c '^v2 ' <<<"$answers" || true)" "$total"
}
