// The questions an interpreter is asked, in Python that even 2.7 can read: an old one should say how old it is.

/** What stands before the answer, so that whatever else an interpreter prints at its start does not matter. */
export const probeMark = 'snakepit-probe:'

/** Run with `-c`, the requirements as a JSON list in the first argument. */
export const probeScript = `
import sys

sys.path = [path for path in sys.path if path]  # not the working directory: a json.py there is not the library's

import json, re


def installed(name):
    from importlib.metadata import PackageNotFoundError, version
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def packaging_library():
    """The library that knows all of the grammar; pip carries a copy."""
    import importlib
    for name in ("packaging.requirements", "pip._vendor.packaging.requirements"):
        try:
            return importlib.import_module(name)
        except ImportError:
            pass


def judge(text):
    """The requirement's name, the version that is there, and whether that will do: True, False, None for unknown."""
    library = packaging_library()
    if library is None:
        return judge_simply(text)
    try:
        return judge_fully(library.Requirement(text), library)
    except Exception:  # not a requirement, or one that leads in circles: unknown is the honest answer
        return None, None, None


def judge_fully(requirement, library):
    if requirement.marker and not requirement.marker.evaluate():
        return requirement.name, None, True
    version = installed(requirement.name)
    if version is None:
        return requirement.name, None, False
    if requirement.url:
        return requirement.name, version, None
    fits = requirement.specifier.contains(version, prereleases=True)
    return requirement.name, version, fits and extras_fit(requirement, library)


def extras_fit(requirement, library):
    from importlib.metadata import requires
    for extra in requirement.extras:
        for text in requires(requirement.name) or []:
            needed = library.Requirement(text)
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                continue
            if needed.marker.evaluate({"extra": extra}):
                needed.marker = None
                if not judge_fully(needed, library)[2]:
                    return False
    return True


def judge_simply(text):
    """Name and plain versions; whatever is written in a richer way stays unknown."""
    match = re.match(r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\\s*(.*)$", text.strip())
    if not match:
        return None, None, None
    name, rest = match.groups()
    if ";" in rest:
        return name, None, None
    version = installed(name)
    if version is None:
        return name, None, False
    verdicts = [compare(version, part) for part in rest.strip(" ()").split(",") if part.strip()]
    verdict = None if None in verdicts else all(verdicts)
    return name, version, verdict


def compare(version, specifier):
    match = re.match(r"\\s*(==|!=|>=|<=|~=|>|<)\\s*([0-9]+(?:\\.[0-9]+)*)(\\.\\*)?\\s*$", specifier)
    here = re.match(r"([0-9]+(?:\\.[0-9]+)*)(?:\\+.*)?$", version)
    if not match or not here:
        return None
    operator, wanted, star = match.groups()
    a, b = numbers(here.group(1)), numbers(wanted)
    given = len(b)
    width = max(len(a), len(b))
    a, b = a + [0] * (width - len(a)), b + [0] * (width - len(b))
    if operator == "~=":
        return a >= b and a[:given - 1] == b[:given - 1]
    if star:
        same = a[:given] == b[:given]
        return {"==": same, "!=": not same}.get(operator)
    return {"==": a == b, "!=": a != b, ">=": a >= b, "<=": a <= b, ">": a > b, "<": a < b}[operator]


def numbers(text):
    return [int(part) for part in text.split(".")]


def packages(requirements):
    if sys.version_info < (3, 8):
        return []
    rows = []
    for text in requirements:
        name, version, fits = judge(text)
        rows.append({"requirement": text, "name": name, "version": version, "fits": fits})
    return rows


def answer(requirements):
    import platform
    import sysconfig
    return {
        "executable": sys.executable,
        "version": list(sys.version_info[:3]),
        "implementation": platform.python_implementation(),
        "abi": sysconfig.get_config_var("SOABI") or getattr(sys.implementation, "cache_tag", None) or "unknown",
        "platform": sysconfig.get_platform(),
        "prefix": sys.prefix,
        "basePrefix": getattr(sys, "base_prefix", sys.prefix),
        "packages": packages(requirements),
    } if sys.version_info >= (3, 3) else {"executable": sys.executable, "version": list(sys.version_info[:3])}


sys.stdout.write("\\n${probeMark}" + json.dumps(answer(json.loads(sys.argv[1]))) + "\\n")
`
