"""Gradescope's export (`submission_metadata.yml` with `submission_<id>/`), and its `/autograder`.

In the export, keys are Ruby's symbols (":submitters:"). In `/autograder` there is one submission
and `submission_metadata.json`. Every member of a group is credited with the group's files.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from grader.messages import Message
from grader.submissions.files import File, IntakeError, Tree, text
from grader.submissions.handins import HandIn, from_system, is_gradable

_EXPORT = "submission_metadata.yml"
_AUTOGRADER = "submission_metadata.json"
_MOST = 64 * 2**20
"""Bytes of metadata: a class of thousands with all its history takes some."""
_LONG = 20
"""Digits that no submission's number has."""


class _User(msgspec.Struct):
    id: int | str | None = None
    name: str | None = None
    email: str | None = None
    sid: str | None = None


class _Assignment(msgspec.Struct):
    due_date: str | None = None


class _Submission(msgspec.Struct):
    """submission_metadata.json, as far as it matters here."""

    id: int | str | None = None
    created_at: str | None = None
    users: list[_User] = []
    assignment: _Assignment = msgspec.field(default_factory=_Assignment)


def recognises(tree: Tree) -> bool:
    """Whether the metadata of an export or of the autograder's tree is there."""
    return _metadata(tree, _EXPORT) is not None or _metadata(tree, _AUTOGRADER) is not None


def find(tree: Tree) -> Iterator[HandIn]:
    """Every file, for each of its submitters, under their e-mail address or student id.

    Raises IntakeError where the metadata is not what Gradescope writes.
    """
    export = _metadata(tree, _EXPORT)
    if export is not None:
        return _find_in_export(tree, export)
    autograder = _metadata(tree, _AUTOGRADER)
    if autograder is None:
        known = {"path": text(tree.path), "file": _EXPORT}
        raise IntakeError(Message("intake.no_export", known))
    return _find_in_autograder(tree, autograder)


def _metadata(tree: Tree, name: str) -> File | None:
    """The metadata at the top, or in the one folder there that an export has.

    A student may hand in a file of that name, which says nothing of the others' answers.
    """
    found = {file.folder: file for file in tree.files if file.name == name}
    answers = {file.parts[0] for file in tree.files if is_gradable(file.path)}
    return found.get("") or next(
        (file for one, file in found.items() if "/" not in one and answers <= {one}), None
    )


# -- the export -----------------------------------------------------------------------------------


def _find_in_export(tree: Tree, metadata: File) -> Iterator[HandIn]:
    folders = _read_yaml(tree, metadata)
    top = metadata.folder
    for file in tree.files:
        inner = _below(file, top)
        if len(inner) < 2 or inner[0] not in folders:
            continue
        entry = folders[inner[0]]
        number = inner[0].removeprefix("submission_")
        created = _time(_get(entry, "created_at"))
        users = [
            _User(name=_word(one, "name"), sid=_word(one, "sid"), email=_word(one, "email"))
            for one in _list(_get(entry, "submitters"))
            if isinstance(one, dict)
        ]
        yield from _credited(file, users or [_User()], number=number, created=created, late=None)


def _below(file: File, top: str) -> tuple[str, ...]:
    parts, above = file.parts, tuple(top.split("/")) if top else ()
    return parts[len(above) :] if parts[: len(above)] == above else ()


def _read_yaml(tree: Tree, file: File) -> dict[str, Any]:
    from grader.submissions.ruby import RubyError, load  # noqa: PLC0415 - only where it is needed

    try:
        data = load(_content(file))
    except (OSError, RubyError) as error:
        raise _damaged(tree, file, str(error)) from None
    if not isinstance(data, dict):
        raise _damaged(tree, file, "no table of submissions")
    return {
        key: entry
        for key, entry in data.items()
        if isinstance(key, str) and isinstance(entry, dict)
    }


def _get(entry: dict[Any, Any], key: str) -> Any:
    """The value of a key of Ruby's, which arrives as ":key"; or of the plain one."""
    return entry.get(f":{key}", entry.get(key))


def _word(entry: dict[Any, Any], key: str) -> str | None:
    value = _get(entry, key)
    if value is None or isinstance(value, dict | list):
        return None
    try:
        return str(value)
    except ValueError:  # a number of thousands of digits
        return None


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


# -- the autograder's tree ------------------------------------------------------------------------


def _find_in_autograder(tree: Tree, metadata: File) -> Iterator[HandIn]:
    try:
        found = msgspec.json.decode(_content(metadata), type=_Submission)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _damaged(tree, metadata, str(error)) from None
    created, due = _time(found.created_at), _time(found.assignment.due_date)
    late = None if created is None or due is None else created > due
    number = "" if found.id is None else str(found.id)
    for file in tree.files:
        inner = _below(file, metadata.folder)
        if len(inner) >= 2 and inner[0] == "submission":
            users = found.users or [_User()]
            yield from _credited(file, users, number=number, created=created, late=late)


# -- both -----------------------------------------------------------------------------------------


def _credited(
    file: File,
    users: Iterable[_User],
    *,
    number: str,
    created: datetime | None,
    late: bool | None,
) -> Iterator[HandIn]:
    users = list(users)
    group = ", ".join(filter(None, (one.email or one.name for one in users)))
    for user in users:
        known = {"email": user.email, "sid": user.sid, "submission_id": number}
        lms = {key: value for key, value in known.items() if value}
        if len(users) > 1:
            lms["group"] = group
        moment = created.astimezone(UTC).isoformat() if created else ""
        yield from_system(
            "gradescope",
            user.email or user.sid or f"submission_{number}",
            file,
            name=user.name,
            age=(moment, int(number) if number.isdecimal() and len(number) < _LONG else 0),
            submitted_at=created.isoformat() if created else None,
            late=late,
            lms=lms,
        )


def _content(file: File) -> bytes:
    data = file.read(_MOST + 1)
    if len(data) > _MOST:
        raise OSError(f"larger than {_MOST // 2**20} MiB")
    return data


def _time(value: object) -> datetime | None:
    """A time of YAML's or of ISO 8601; in UTC where it names no zone."""
    if isinstance(value, dict):  # Ruby's time with a zone
        value = value.get("utc") or value.get("time")
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    value = value if value.tzinfo else value.replace(tzinfo=UTC)
    try:
        value.astimezone(UTC)
    except OverflowError:  # in the first year there is or the last
        return None
    return value


def _damaged(tree: Tree, file: File, reason: str) -> IntakeError:
    told = " ".join(reason.split())[:200]
    known = {"path": text(tree.path), "file": text(file.path), "reason": told}
    return IntakeError(Message("intake.damaged_export", known))
