"""The hand-written peer: a grpcio server with default settings that sends one message per chunk.

`StringValue` and `BytesValue` have the same bytes as the messages `Json` and `Blob` of handwritten.proto.
"""

import base64
import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
from google.protobuf.wrappers_pb2 import BytesValue, StringValue

BLOCK = bytes(1024 * 1024)


def call(request: StringValue, _context: grpc.ServicerContext) -> StringValue:
    arguments = json.loads(request.value)
    return StringValue(value=json.dumps(arguments["a"] + arguments["b"]))


def chunks(request: StringValue, _context: grpc.ServicerContext) -> Iterator[StringValue]:
    for epoch in range(json.loads(request.value)["n"]):
        chunk = {"epoch": epoch, "loss": 0.123456, "accuracy": 0.9876, "phase": "train", "step": epoch * 10}
        yield StringValue(value=json.dumps(chunk))


def blocks(request: StringValue, _context: grpc.ServicerContext) -> Iterator[BytesValue]:
    for _ in range(json.loads(request.value)["n"]):
        yield BytesValue(value=BLOCK)


def json_blocks(request: StringValue, _context: grpc.ServicerContext) -> Iterator[StringValue]:
    for _ in range(json.loads(request.value)["n"]):
        yield StringValue(value=json.dumps({"data": base64.b64encode(BLOCK).decode()}))


def main() -> None:
    server = grpc.server(ThreadPoolExecutor(max_workers=32))
    read, text, data = StringValue.FromString, StringValue.SerializeToString, BytesValue.SerializeToString
    handlers = {
        "Call": grpc.unary_unary_rpc_method_handler(call, read, text),
        "Chunks": grpc.unary_stream_rpc_method_handler(chunks, read, text),
        "JsonBlocks": grpc.unary_stream_rpc_method_handler(json_blocks, read, text),
        "Blocks": grpc.unary_stream_rpc_method_handler(blocks, read, data),
    }
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("bench.v1.HandwrittenService", handlers)])
    server.add_insecure_port(sys.argv[1])
    server.start()
    print("ready", flush=True)
    sys.stdin.read()
    server.stop(0)


main()
