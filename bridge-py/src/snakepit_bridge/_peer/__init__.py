"""Many calls on one wire, in both directions: ids, credits, cancel, and what waits to be sent."""
