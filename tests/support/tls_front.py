#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Speaks TLS in front of a server that does not: what clients send is passed on to it, and back.

Prints `port N`, then for each client, before anything is passed on, what its handshake said, or
`failed` and why. An end on either side is an end on the other; where the server behind resets its
connection the client's ends without close_notify."""

import argparse
import json
import select
import socket
import ssl
import struct
import threading

BLOCK = 65536
SEEN = threading.local()  # the name that this thread's client has asked for


def context_of(options):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.certificate, options.key)
    if options.newest:
        context.maximum_version = ssl.TLSVersion[options.newest]
    if options.client_ca:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(options.client_ca)
    if options.alpn:
        context.set_alpn_protocols(options.alpn.split(","))

    def remember(_connection, name, _context):
        SEEN.name = name

    context.sni_callback = remember
    return context


def subject_of(connection):
    certificate = connection.getpeercert() or {}
    return dict(pair[0] for pair in certificate.get("subject", ())).get("commonName")


class Relay:
    """One client, one thread: OpenSSL's objects are not for two."""

    def __init__(self, tls, plain):
        self.tls, self.plain = tls, plain
        self.to_tls, self.to_plain = b"", b""
        self.client_ended = self.server_ended = False
        for end in (tls, plain):
            end.setblocking(False)

    def run(self):
        while not (self.client_ended and self.server_ended and not self.to_tls
                   and not self.to_plain):
            self.wait()
            self.from_client()
            self.from_server()
        self.tls.close()
        self.plain.close()

    def wait(self):
        reads = ([] if self.client_ended else [self.tls]) + ([] if self.server_ended
                                                             else [self.plain])
        writes = ([self.tls] if self.to_tls else []) + ([self.plain] if self.to_plain else [])
        if not self.tls.pending():
            select.select(reads, writes, [])

    def from_client(self):
        if not self.client_ended and not self.to_plain:
            try:
                self.to_plain = self.tls.recv(BLOCK)
                self.client_ended = not self.to_plain
                if self.client_ended:
                    self.plain.shutdown(socket.SHUT_WR)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                pass
        if self.to_plain:
            try:
                self.to_plain = self.to_plain[self.plain.send(self.to_plain):]
            except BlockingIOError:
                pass

    def from_server(self):
        if not self.server_ended and not self.to_tls:
            try:
                self.to_tls = self.plain.recv(BLOCK)
                self.server_ended = not self.to_tls
                if self.server_ended:
                    self.say_end()
            except BlockingIOError:
                pass
        if self.to_tls:
            try:
                self.to_tls = self.to_tls[self.tls.send(self.to_tls):]
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                pass

    def say_end(self):
        try:
            self.tls.unwrap()
        except (ssl.SSLWantReadError, ssl.SSLError):
            pass  # the client's own end is still to come


def reset(end):
    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    end.close()


def serve(accepted, context, behind):
    SEEN.name = None
    try:
        tls = context.wrap_socket(accepted, server_side=True, suppress_ragged_eofs=False)
    except (ssl.SSLError, OSError) as error:
        print(json.dumps({"failed": str(error)}), flush=True)
        accepted.close()
        return
    print(json.dumps({"sni": SEEN.name, "alpn": tls.selected_alpn_protocol(),
                      "version": tls.version(), "client": subject_of(tls),
                      "resumed": tls.session_reused}), flush=True)
    plain = socket.create_connection(("127.0.0.1", behind))
    try:
        Relay(tls, plain).run()
    except (OSError, ssl.SSLError):
        tls.close()  # without close_notify
        reset(plain)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=int, required=True, help="port of the server behind")
    parser.add_argument("--certificate", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--client-ca", help="clients need a certificate of this authority")
    parser.add_argument("--alpn", help="protocols, the best first")
    parser.add_argument("--newest", help="as TLSv1_2")
    options = parser.parse_args()
    context = context_of(options)
    listener = socket.create_server(("127.0.0.1", 0))
    print("port", listener.getsockname()[1], flush=True)
    while True:
        accepted, _ = listener.accept()
        threading.Thread(target=serve, args=(accepted, context, options.to), daemon=True).start()


if __name__ == "__main__":
    main()
