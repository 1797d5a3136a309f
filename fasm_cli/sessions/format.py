"""The text of a session file: a header and then one block for each thing that happened, only ever added to.

A block is `key = value` lines in a fixed order, an empty line before it and, last, `sum`: 16 hexadecimal digits over
the previous block's sum and this block's bytes. So a file cut anywhere, and a block that was edited, moved, added or
taken away, is recognised for what it is. Whoever changes a line here makes a format 3, and says in `migrations` what
becomes of the older ones.
"""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

from fasm_cli.engine.records import Record
from fasm_cli.errors import SessionError
from fasm_cli.sessions.model import Header
from fasm_cli.sessions.pins import Mark
from fasm_cli.sessions.toml_values import NotStorable, value_text

WIDTH = 100  # a list that would make its line longer has one element a line
MAX_BLOCK = 4 * 1024 * 1024  # bytes; what is more is not a step that anybody reads, and bounds what a reader may meet
MAX_FILE = 256 * 1024 * 1024  # some 400,000 steps
STEP, GOTO, MARK = "[[step]]\n", "[[goto]]\n", "[[mark]]\n"
HEADER_KEYS = {  # by format; a format may only add to what stands here
    1: ("format", "machine", "version", "fingerprint", "origin", "finding", "state"),
    2: ("format", "machine", "version", "types", "origin", "finding", "state"),
}
STEP_KEYS = ("n", "parent", "event", "outcome", "error", "actions", "changed", "missing", "broken", "digest", "state")
GOTO_KEYS = ("step", "after")
MARK_KEYS = ("kind", "name", "step", "gone", "after")
BLOCKS = {STEP: STEP_KEYS, GOTO: GOTO_KEYS, MARK: MARK_KEYS}
FIRST_WITH_MARKS = 2  # the format


def render_session(
    header: Header,
    records: Sequence[Record],
    snapshots: Mapping[int, Any] | None = None,
    head: int | None = None,
    marks: Sequence[Mark] = (),
) -> str:
    """The whole text; `head` where it is not at the last step. Raises `SessionError` for what cannot be stored."""
    text, last = with_checksum(header_text(header), "")
    parts = [text]
    for record in records:
        text, last = with_checksum(step_text(record, (snapshots or {}).get(record.n)), last)
        parts.append(text)
    for mark in marks:
        text, last = with_checksum(mark_text(mark, len(records)), last)
        parts.append(text)
    if head is not None and head != (records[-1].n if records else 0):
        text, last = with_checksum(goto_text(head, len(records)), last)
        parts.append(text)
    return "\n".join(parts)


def header_text(header: Header) -> str:
    """The first block without its sum."""
    values = {
        "format": header.format,
        "machine": header.machine,
        "version": header.version,
        "types": header.types,
        "fingerprint": header.fingerprint,
        "origin": header.origin,
        "finding": header.finding,
        "state": header.state,
    }
    return _block("", values, HEADER_KEYS[header.format], "the header")


def step_text(record: Record, state: Any = None) -> str:
    """One step without its sum; what is empty is left out, and so is a state that is None."""
    values = {
        "n": record.n,
        "parent": record.parent,
        "event": record.event,
        "outcome": record.outcome,
        "error": record.error or None,
        "actions": record.actions or None,
        "changed": record.changed_paths or None,
        "missing": record.unrestored_ids or None,
        "broken": record.violated_law or None,
        "digest": record.digest,
        "state": state,
    }
    return _block(STEP, values, STEP_KEYS, f"step {record.n}")


def goto_text(step: int, after: int) -> str:
    """The head was moved to `step` when there were `after` steps."""
    return _block(GOTO, {"step": step, "after": after}, GOTO_KEYS, f"the move to step {step}")


def mark_text(mark: Mark, after: int) -> str:
    """Something was pinned, or taken off, when there were `after` steps."""
    values = {
        "kind": str(mark.kind),
        "name": mark.name,
        "step": mark.step,
        "gone": mark.removed or None,
        "after": after,
    }
    return _block(MARK, values, MARK_KEYS, f"the {mark.kind} {mark.name[:40]!r}")


def with_checksum(body: str, previous: str) -> tuple[str, str]:
    """The block with its sum, and the sum."""
    own = chain_checksum(body.encode("utf-8"), previous)
    return f'{body}sum = "{own}"\n', own


def chain_checksum(body: bytes, previous: str) -> str:
    """16 hexadecimal digits for `body` behind a block whose sum is `previous`."""
    return blake2b(body, digest_size=8, key=previous.encode("ascii")).hexdigest()


def line_text(key: str, value: Any) -> str:
    """`key = value`; a long list takes a line for each element, as TOML allows. Raises `UnfitError`."""
    line = f"{key} = {value_text(value)}\n"
    if len(line) <= WIDTH or type(value) is not list:
        return line
    elements = "".join([f"    {value_text(item, 2)},\n" for item in value])
    return f"{key} = [\n{elements}]\n"


def _block(opening: str, values: Mapping[str, Any], keys: Sequence[str], what: str) -> str:
    lines = [opening]
    for key in keys:
        if values[key] is None and (opening or key != "state"):
            continue
        try:
            lines.append(line_text(key, values[key]))
        except NotStorable as why:
            raise SessionError(f"{what} cannot be stored: `{key}`: {why}") from None
    text = "".join(lines)
    if len(text) * 4 > MAX_BLOCK and len(text.encode("utf-8")) > MAX_BLOCK - 64:
        size = len(text.encode("utf-8")) >> 20
        raise SessionError(f"{what} is too large to store: {size} MiB, and {MAX_BLOCK >> 20} MiB is the most")
    return text
