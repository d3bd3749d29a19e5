#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A name server for namespaces of tests. It is told of names on stdin, "NAME TTL ADDRESS...", and
answers each line with "ok"; other names do not exist. IPv4, UDP."""

import socket
import struct
import sys
import threading

HEADER = 12
TYPE_A = 1
NXDOMAIN = 3


def question(query):
    """The name that is asked for, its type, and where the question ends."""
    labels, at = [], HEADER
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode())
        at += 1 + query[at]
    return ".".join(labels), struct.unpack_from("!H", query, at + 1)[0], at + 5


def answer(query, zone):
    name, kind, end = question(query)
    ttl, addresses = zone.get(name, (0, []))
    records = b"".join(
        struct.pack("!HHHIH", 0xC000 | HEADER, TYPE_A, 1, ttl, 4) + socket.inet_aton(address)
        for address in addresses
        if kind == TYPE_A
    )
    flags = 0x8180 | (0 if name in zone else NXDOMAIN)
    count = len(addresses) if kind == TYPE_A else 0
    return query[:2] + struct.pack("!HHHHH", flags, 1, count, 0, 0) + query[HEADER:end] + records


def serve(server, zone):
    while True:
        query, client = server.recvfrom(512)
        server.sendto(answer(query, zone), client)


def main():
    zone = {}
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", int(sys.argv[1])))
    threading.Thread(target=serve, args=(server, zone), daemon=True).start()
    print("ready", flush=True)
    for line in sys.stdin:
        name, ttl, *addresses = line.split()
        zone[name] = (int(ttl), addresses)
        print("ok", flush=True)


main()
