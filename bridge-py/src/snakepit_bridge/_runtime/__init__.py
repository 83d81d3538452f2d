"""Where tools run: the main thread, the event loop, and what may interrupt them."""
