# SPDX-License-Identifier: Apache-2.0
"""http.client and asyncio as clients. See README.md."""

import asyncio
import hashlib
import http.client
import sys

BODY = bytes(i * 7 % 251 for i in range(150000))
REQUESTS = [
    ("GET", "/who", None, False),
    ("GET", "/bytes?n=200000", None, False),
    ("GET", "/bytes?n=100000&chunked=1", None, False),
    ("POST", "/echo", BODY, False),
    ("POST", "/echo", BODY, True),
    ("HEAD", "/bytes?n=10", None, False),
    ("GET", "/status?code=404", None, False),
]
SLOW = "/slow?ms=3000"
PATIENCE, IMPATIENCE = 20, 0.5


class Target:
    def __init__(self, text):
        self.name, authority = text.split("=", 1)
        authority, _, prefix = authority.partition("/")
        host, port = authority.rsplit(":", 1)
        self.address = (host.strip("[]"), int(port))
        self.prefix = "/" + prefix if prefix else ""


def say(client, target, *findings):
    print(client + "/" + target.name, *findings, flush=True)


def answer(status, headers, body):
    # `Date` is nginx's.
    seen = sorted(f"{name.lower()}:{value}" for name, value in headers if name.lower() != "date")
    return status, len(body), hashlib.sha256(body).hexdigest()[:16], "|".join(seen)


def pieces(body):
    return (body[i:i + 7000] for i in range(0, len(body), 7000))


def peer(socket_name, target):
    return "peer-as-called" if socket_name[:2] == target.address else f"peer {socket_name}"


def by_http_client(target):
    connection = http.client.HTTPConnection(*target.address, timeout=PATIENCE)

    def exchange(method, path, body, chunked):
        headers = {"Host": "app.example", "User-Agent": "test"}
        connection.request(method, target.prefix + path, pieces(body) if chunked else body, headers,
                           encode_chunked=chunked)
        response = connection.getresponse()
        return answer(response.status, response.getheaders(), response.read())

    for request in REQUESTS:
        say("http.client", target, request[0], request[1], *exchange(*request))
    if not target.prefix:
        say("http.client", target, peer(connection.sock.getpeername(), target),
            "own", connection.sock.getsockname()[0])
    connection.sock.settimeout(IMPATIENCE)
    exchange("GET", SLOW, None, False)


async def by_asyncio(target):
    opening = asyncio.open_connection(*target.address)
    reader, writer = await asyncio.wait_for(opening, PATIENCE)

    async def exchange(method, path, body, chunked):
        framing = ""
        if body:
            framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"
            framing += "\r\n"
        writer.write(f"{method} {path} HTTP/1.1\r\nHost: app.example\r\n{framing}\r\n".encode())
        for piece in pieces(body or b""):
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
            await writer.drain()
        writer.write(b"0\r\n\r\n" if chunked else b"")
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = [line.split(": ", 1) for line in head[1:-2]]
        return answer(head[0].split()[1], headers, await body_of(method, dict(headers)))

    async def body_of(method, headers):
        if method == "HEAD":
            return b""
        if "content-length" in headers:
            return await reader.readexactly(int(headers["content-length"]))
        body = b""
        while size := int(await reader.readline(), 16):
            body += await reader.readexactly(size)
            await reader.readline()
        await reader.readline()
        return body

    for request in REQUESTS:
        got = await asyncio.wait_for(exchange(*request), PATIENCE)
        say("asyncio", target, request[0], request[1], *got)
    say("asyncio", target, peer(writer.get_extra_info("peername"), target),
        "own", writer.get_extra_info("sockname")[0])
    await asyncio.wait_for(exchange("GET", SLOW, None, False), IMPATIENCE)


def main():
    clients = sys.argv[1].split(",")
    for text in sys.argv[2:]:
        target = Target(text)
        for client in clients:
            try:
                if client == "http.client":
                    by_http_client(target)
                else:
                    asyncio.run(by_asyncio(target))
            except (OSError, http.client.HTTPException, asyncio.TimeoutError) as error:
                say(client, target, "ended by", type(error).__name__, getattr(error, "errno", None))


main()
