"""The version of this package; the npm package that carries it has the same."""

__version__ = "0.1.0"
