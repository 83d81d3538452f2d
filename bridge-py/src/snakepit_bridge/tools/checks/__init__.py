"""Checks: what a type hint makes of a value from the wire, where msgspec alone would not do."""
