"""Reads YAML that Ruby wrote: safely, its own marks taken for the plain data that they stand for.

Kept apart, since few runs need it and loading the library costs.
"""

from typing import Any

import yaml
from yaml.composer import Composer


class RubyError(Exception):
    """The text is no YAML."""


class _Loader(Composer, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc] # C if built
    """Parses in C, and composes what it parsed in Python: there depth has a limit."""

    def __init__(self, data: bytes) -> None:
        super(Composer, self).__init__(data)
        Composer.__init__(self)

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Leave keys that mean other tables: a few of them say billions, and Ruby writes none."""


def load(data: bytes) -> Any:
    """The plain data in a YAML text; symbols as keys keep their colons. Raises RubyError."""
    try:
        return yaml.load(data, _Loader)  # noqa: S506 - derived from the safe one
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise RubyError(str(error)) from None


def _plain(loader: Any, _suffix: str, node: Any) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


_Loader.add_multi_constructor("!ruby/", _plain)
