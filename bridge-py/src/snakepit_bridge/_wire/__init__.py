"""Ways for messages to travel: gRPC, and an in-memory twin for tests."""
