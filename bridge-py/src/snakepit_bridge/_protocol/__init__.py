"""The messages of ``proto/snakepit/v1/worker.proto``, made at start from a committed descriptor set."""
