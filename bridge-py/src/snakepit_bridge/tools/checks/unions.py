"""Hints with alternatives."""

from __future__ import annotations

from typing import Any

from snakepit_bridge.tools.checks.check import Check
from snakepit_bridge.tools.checks.misfit import Misfit, expected

_LONGEST = 600


def union(checks: list[Check]) -> Check:
    """The first alternative that fits, the nearest first.

    These are, in this order: an ``Enum``, ``Literal`` or ``None`` that the value belongs to; for a dict, the class
    whose members leave the fewest of its keys over; the type that the value has anyway; and the others as they stand.
    So text stays text where text is admitted.
    """
    if len(checks) == 1:
        return checks[0]
    name = " | ".join(dict.fromkeys(check.name for check in checks))
    orders: dict[type, tuple[Check, ...]] = {}

    def run(value: Any) -> Any:
        kind = type(value)
        order = orders.get(kind)
        if order is None:
            order = orders[kind] = _order(checks, kind)
        faults: list[tuple[Check, Misfit]] = []
        best: tuple[int, Any] | None = None
        for check in order:
            if best is not None and check.members is None:
                break
            try:
                fit = check.run(value)
            except Misfit as fault:
                faults.append((check, fault))
                continue
            if kind is not dict or check.members is None:
                return fit
            left_over = sum(key not in check.members for key in value)
            if best is None or left_over < best[0]:
                best = (left_over, fit)
        if best is not None:
            return best[1]
        raise _fault(name, value, faults)

    if any(check.passes_all for check in checks):
        return Check(name, run, passes_all=len(checks) == sum(check.passes_all for check in checks))
    members = [check.members for check in checks]
    return Check(
        name,
        run,
        tuple(kind for check in checks for kind in check.natural),
        finite=all(check.finite for check in checks),
        members=frozenset().union(*(each for each in members if each)) if all(members) else None,
    )


def _order(checks: list[Check], kind: type) -> tuple[Check, ...]:
    def rank(check: Check) -> int:
        if check.finite:
            return 0
        if kind is dict and check.members is not None:
            return 1
        return 2 if kind in check.natural else 4 if check.passes_all else 3

    return tuple(sorted(checks, key=rank))


def _fault(name: str, value: Any, faults: list[tuple[Check, Misfit]]) -> Misfit:
    # Where only one alternative is of the value's kind at all, what is wrong inside is the answer.
    near = [fault for check, fault in faults if fault.path or _is_near(check, value)]
    if len(near) == 1:
        return near[0]
    text = f"{expected(f'`{name}`', value).text}"
    if near:
        told = [
            f"as `{check.name}`: {f'`{fault.path.lstrip(chr(46))}`: ' if fault.path else ''}{fault.text}"
            for check, fault in faults
            if fault in near
        ]
        text += f" ({'; '.join(told)})"
    return Misfit(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")


def _is_near(check: Check, value: Any) -> bool:
    return (isinstance(value, dict) and check.members is not None) or type(value) in check.natural
