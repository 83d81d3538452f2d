"""An adapter that forgot to mark its functions."""


def add(a: int, b: int) -> int:
    return a + b
