#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A server and a client of gRPC, by Debian's python3-grpcio: all four kinds of calls, bytes for
messages. The server answers each message with its own name in front."""

import argparse
import concurrent.futures
import json
import threading

import grpc

SERVICE = "shop.Echo"


def credentials(options):
    with open(options.key, "rb") as key, open(options.certificate, "rb") as certificate:
        return grpc.ssl_server_credentials([(key.read(), certificate.read())])


def serve(options):
    def answer(message):
        return options.name.encode() + b":" + message

    def unary(message, context):
        context.set_trailing_metadata((("x-served-by", options.name),))
        return answer(message)

    def wait(message, context):
        threading.Event().wait(float(message))
        return answer(message)

    def fail(message, context):
        context.abort(grpc.StatusCode.NOT_FOUND, message.decode())

    def many(message, context):
        for index in range(int(message)):
            yield answer(str(index).encode())

    def join(messages, context):
        return answer(b"+".join(messages))

    def chat(messages, context):
        for message in messages:
            yield answer(message)

    handlers = {
        "Unary": grpc.unary_unary_rpc_method_handler(unary),
        "Wait": grpc.unary_unary_rpc_method_handler(wait),
        "Fail": grpc.unary_unary_rpc_method_handler(fail),
        "Many": grpc.unary_stream_rpc_method_handler(many),
        "Join": grpc.stream_unary_rpc_method_handler(join),
        "Chat": grpc.stream_stream_rpc_method_handler(chat),
    }
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(8))
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(SERVICE, handlers),))
    address = f"0.0.0.0:{options.port}"
    if not (server.add_secure_port(address, credentials(options)) if options.key
            else server.add_insecure_port(address)):
        raise SystemExit("cannot listen")
    server.start()
    print("ready", flush=True)
    server.wait_for_termination()


def make(channel, options):
    """The answers of one call as texts, and its trailing metadata."""
    path = f"/{SERVICE}/{options.method}"
    messages = [text.encode() for text in options.messages]
    extra = {"metadata": [tuple(pair.split("=", 1)) for pair in options.metadata],
             "timeout": options.timeout}
    if options.method == "Many":
        call = channel.unary_stream(path)(messages[0], **extra)
        return list(call), call.trailing_metadata()
    if options.method == "Join":
        answer, call = channel.stream_unary(path).with_call(iter(messages), **extra)
        return [answer], call.trailing_metadata()
    if options.method == "Chat":
        call = channel.stream_stream(path)(iter(messages), **extra)
        return list(call), call.trailing_metadata()
    answer, call = channel.unary_unary(path).with_call(messages[0], **extra)
    return [answer], call.trailing_metadata()


def call_once(channel, options):
    try:
        answers, trailing = make(channel, options)
    except grpc.RpcError as error:
        return {"status": error.code().name, "details": error.details(), "answers": []}
    return {"status": "OK", "answers": [answer.decode() for answer in answers],
            "trailing": {name: value for name, value in trailing}}


def call(options):
    channel_options = [("grpc.default_authority", options.authority)]
    with grpc.insecure_channel(options.to, options=channel_options) as channel:
        print(json.dumps([call_once(channel, options) for _ in range(options.repeat)]))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)
    server = commands.add_parser("serve")
    server.set_defaults(run=serve)
    server.add_argument("--name", required=True)
    server.add_argument("--port", required=True)
    server.add_argument("--certificate", help="of TLS; none: plain text")
    server.add_argument("--key")
    client = commands.add_parser("call")
    client.set_defaults(run=call)
    client.add_argument("--to", required=True)
    client.add_argument("--authority", required=True)
    client.add_argument("--metadata", action="append", default=[])
    client.add_argument("--timeout", type=float, default=20)
    client.add_argument("--repeat", type=int, default=1)
    client.add_argument("method")
    client.add_argument("messages", nargs="+")
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
