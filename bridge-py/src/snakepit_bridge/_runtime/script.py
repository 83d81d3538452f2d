"""What a script finds of itself when it is started: ``sys.argv``, ``sys.path`` and ``__main__``."""

from __future__ import annotations

import os
import sys
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType

from snakepit_bridge.tools.adapter import AdapterReference
from snakepit_bridge.tools.source_file import make_importable


def become_script(reference: AdapterReference, cwd: str) -> None:
    """Has the process look as if Python had been started with the adapter. Raises what importing its parents raises.

    The folder of a file comes onto the path with its import, which knows whether the file is in a package.
    """
    main = sys.modules["__main__"] = ModuleType("__main__")
    # By this name the children of `multiprocessing` know that there is nothing to run again: they import the adapter by
    # its own name.
    main.__spec__ = ModuleSpec("__main__", None)
    if reference.file is not None:
        path = os.path.join(cwd, reference.file)
    else:
        # As `python -m` has it while it looks for the module.
        sys.argv = ["-m"]
        make_importable(cwd)
        spec = find_spec(reference.module or "")
        path = (spec and spec.origin) or reference.module or ""
    sys.argv = [path]
    main.__file__ = path
