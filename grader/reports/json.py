"""The results as results.json, for machines, and its JSON Schema; the format is `results`' own."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from grader.messages import Language
from grader.reports import write_atomically
from grader.results import Results, to_json, to_json_pieces

_MESSAGE = "#/$defs/Message"


def write(results: Results, folder: Path, *, language: Language = "en") -> Path:
    """Write results.json into the folder and return its path; raises ReportError."""
    return write_atomically(folder / "results.json", to_json(results, language))


def write_pieces(
    frame: Results, rows: Iterable[bytes], folder: Path, *, language: Language = "en"
) -> Path:
    """The same for results without submissions and these as JSON, in the order of their ids."""
    return write_atomically(folder / "results.json", to_json_pieces(frame, rows, language))


def schema() -> bytes:
    """The JSON Schema of results.json: the bytes of `results.schema.json` beside this module."""
    generated = msgspec.json.schema(Results)
    del generated["$defs"]["Message"]  # in the file it is the sentence that was made of it
    generated["$defs"]["Results"]["required"].insert(0, "schema")
    content = {"$schema": "https://json-schema.org/draft/2020-12/schema", **_as_text(generated)}
    return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"


def _as_text(node: Any) -> Any:
    """The part of a schema in which a message is text, and a description is one line."""
    if isinstance(node, list):
        return [_as_text(one) for one in node if one != {"$ref": _MESSAGE}]
    if not isinstance(node, dict):
        return node
    part = {key: _as_text(value) for key, value in node.items()}
    if isinstance(part.get("description"), str):
        part["description"] = " ".join(part["description"].split())
    kinds = part.get("anyOf", ())
    return kinds[0] if len(kinds) == 1 else part
