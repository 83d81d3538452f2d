"""An adapter in a package: it imports relatively, and by the package's own name."""

from snakepit_bridge import tool

from ..prices import PRICES


@tool
def price(name: str) -> int:
    from shop.prices import PRICES as SAME

    assert SAME is PRICES
    return PRICES[name]


@tool
def module() -> str:
    return __name__
