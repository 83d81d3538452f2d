"""A module beside an adapter."""

NAME = "neighbour"
