# SPDX-License-Identifier: Apache-2.0
"""Plain sockets, waited for in each way that Linux has: blocking, poll, epoll by level, by edge and
one event at a time. See README.md. To a target whose name begins with `echo` it sends 2 MiB while it
reads them back, to others two requests."""

import errno
import hashlib
import select
import socket
import sys

PATIENCE = 20
READ, WRITE = select.POLLIN, select.POLLOUT


class Blocking:
    def __init__(self, end):
        end.settimeout(PATIENCE)

    def wait(self, sending):
        return READ | WRITE


class Poll:
    def __init__(self, end):
        self.poll, self.end = select.poll(), end

    def wait(self, sending):
        self.poll.register(self.end, READ | (WRITE if sending else 0))
        return gathered(self.poll.poll(PATIENCE * 1000))


class LevelTriggered:
    extra, rearm = 0, True

    def __init__(self, end):
        self.epoll, self.end = select.epoll(), end
        self.epoll.register(end, self.interest(True))

    def interest(self, sending):
        wanted = READ | select.EPOLLRDHUP | (WRITE if sending else 0)
        return wanted | self.extra

    def wait(self, sending):
        if self.rearm:
            self.epoll.modify(self.end, self.interest(sending))
        return gathered(self.epoll.poll(PATIENCE))


class EdgeTriggered(LevelTriggered):
    extra, rearm = select.EPOLLET, False


class OneShot(LevelTriggered):
    extra = select.EPOLLET | select.EPOLLONESHOT


WAYS = {"blocking": Blocking, "poll": Poll, "level": LevelTriggered, "edge": EdgeTriggered,
        "oneshot": OneShot}


def gathered(events):
    if not events:
        raise TimeoutError(errno.ETIMEDOUT, "no event")
    found = 0
    for _, event in events:
        found |= event
    # An error or a hang-up is found out by whatever is tried next.
    return found if not found & (select.POLLERR | select.POLLHUP) else found | READ | WRITE


class Connection:
    def __init__(self, way, address):
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.end = socket.socket(family, socket.SOCK_STREAM)
        self.end.setblocking(False)
        # Waits from before connect() on, as event loops do.
        self.waiter = Blocking(self.end) if way == "blocking" else WAYS[way](self.end)
        self.connect(address)
        self.readable = self.writable = True
        self.closed = False

    def connect(self, address):
        result = self.end.connect_ex(address)
        if result == errno.EINPROGRESS:
            while not self.waiter.wait(True) & WRITE:
                pass
            result = self.end.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if result:
            raise OSError(result, "connect")

    def exchange(self, out, enough, last=False):
        """Sends and receives at once until `enough` of what came; edges are used up to EAGAIN."""
        out, got = memoryview(out), bytearray()
        while True:
            out = self.send_some(out, last)
            self.receive_some(got)
            if self.closed or enough(got) and not out:
                return bytes(got)
            events = self.waiter.wait(bool(out))
            self.readable |= bool(events & (READ | select.EPOLLRDHUP))
            self.writable |= bool(events & WRITE)

    def send_some(self, out, last):
        while out and self.writable:
            try:
                out = out[self.end.send(out[:300000]):]
            except BlockingIOError:
                self.writable = False
            if not out and last:
                self.end.shutdown(socket.SHUT_WR)
        return out

    def receive_some(self, got):
        while self.readable and not self.closed:
            try:
                piece = self.end.recv(65536)
            except BlockingIOError:
                self.readable = False
                return
            self.closed = not piece
            got += piece
            if isinstance(self.waiter, Blocking):
                return


def has_answer(got):
    head, found, body = bytes(got).partition(b"\r\n\r\n")
    if not found:
        return False
    length = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    return len(body) >= int(length[0].split(b":")[1])


def request(method, path, body=b""):
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    return f"{method} {path} HTTP/1.1\r\nHost: app.example\r\n{length}\r\n".encode() + body


def short(got):
    return len(got), hashlib.sha256(got).hexdigest()[:16]


def use(way, name, address):
    connection = Connection(way, address)
    end = connection.end
    called = "as called" if end.getpeername()[:2] == address else end.getpeername()
    yield "peer", called, "own", end.getsockname()[0]
    pattern = bytes(i * 11 % 253 for i in range(1 << 20))
    if name.startswith("echo"):
        # Blocking cannot do both at once: no more than what fits in the buffers on the way.
        sent = pattern[:50000] if way == "blocking" else pattern * 2
        got = connection.exchange(sent, lambda got: False, last=True)
        yield "echo", len(sent), "right" if got == sent else "wrong", connection.closed
        return
    yield "post", *short(connection.exchange(request("POST", "/echo", pattern), has_answer))
    # A request after a pause, and the end of the stream behind it.
    yield "get", *short(connection.exchange(request("GET", "/slow?ms=100"), has_answer))
    yield "last", *short(connection.exchange(request("GET", "/bytes?n=500000"), lambda got: False,
                                             last=True))


def main():
    for text in sys.argv[1:]:
        name, authority = text.split("=", 1)
        host, port = authority.rsplit(":", 1)
        for way in WAYS:
            try:
                for finding in use(way, name, (host.strip("[]"), int(port))):
                    print(f"{way}/{name}", *finding, flush=True)
            except OSError as error:
                print(f"{way}/{name}", "ended by", errno.errorcode.get(error.errno, error))


main()
