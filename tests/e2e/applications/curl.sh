#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# curl as a client. See README.md.
head -c 150000 /dev/zero | tr '\0' 's' > "$BODY"
digest() { sha256sum | cut -c1-16; }
report='%{stderr}%{http_code} %{num_connects} %{exitcode} own %{local_ip} peer [%{remote_ip}]:%{remote_port}\n'

for target in "$@"; do
  name=curl/${target%%=*} at=http://${target#*=}
  # Nothing more of a target that does not answer.
  call() {
    bytes=$(curl -s -D - -w "$report" --max-time 20 -H 'Host: app.example' "$@" 2> "$BODY.report" |
      digest)
    address=$(echo "${target#*=}" | tr -d '[]')
    tr -d '[]' < "$BODY.report" | sed "s/peer $address\$/as-called/; s|^|$name $bytes |"
    ! grep -q '^000' "$BODY.report"
  }
  call "$at/who" "$at/bytes?n=200000" "$at/bytes?n=100000&chunked=1" "$at/status?code=404" &&
    call --data-binary "@$BODY" "$at/echo" &&
    call -H 'Transfer-Encoding: chunked' --data-binary "@$BODY" "$at/echo" "$at/echo" &&
    call -I "$at/bytes?n=10" &&
    call --max-time 0.5 "$at/slow?ms=3000"
done
rm -f "$BODY" "$BODY.report"
