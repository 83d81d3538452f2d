"""Message classes. No generated code: a generated module refuses to load under another version of protobuf."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "snakepit.v1"
METHOD = f"/{PACKAGE}.WorkerService/Attach"


def _load() -> descriptor_pool.DescriptorPool:
    # A pool of its own: another library may have another `snakepit.v1`.
    pool = descriptor_pool.DescriptorPool()
    image = files(__package__).joinpath("worker.binpb").read_bytes()
    for file in descriptor_pb2.FileDescriptorSet.FromString(image).file:
        pool.Add(file)
    return pool


POOL = _load()


def _message(name: str) -> Any:
    return message_factory.GetMessageClass(POOL.FindMessageTypeByName(f"{PACKAGE}.{name}"))


# AttachRequest and AttachResponse have the same shape; either side reads and writes this one.
Envelope = _message("AttachRequest")
Frame = _message("Frame")
Start = _message("Start")
Part = _message("Part")
Items = _message("Items")
End = _message("End")
Ok = _message("Ok")
Exception_ = _message("Exception")
