"""The names that tool authors use, under the module path that Snakepit's adapters import them from."""

from snakepit_bridge.base_adapter import BaseAdapter, StreamChunk, tool

__all__ = ["BaseAdapter", "StreamChunk", "tool"]
