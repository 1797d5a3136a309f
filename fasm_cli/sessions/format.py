"""Defines the text of a session file: its blocks, their keys in order, the checksum chain, and the older formats.

A file is a header, then one block for everything that happened, in order; blocks are only ever appended. A block is
`key = value` lines in a fixed order, and ends in `sum`: 16 hexadecimal digits over the previous block's sum and this
block's bytes. The chain distinguishes a write that was cut off from a block that was edited, moved, added or removed.

The header has one `[[machine]]` table for each machine of the session: one for a machine that is alone, and its name
in the system (`at`) for each machine of a system. A step of a system says `at` too, and its `cause`, the action whose
delivery it was.

To change the format: raise `FORMAT`, add the keys of the new one below, and convert the blocks of the older ones in
`present_header`, `present_step` and `present_mark`. Nothing but the reader knows older formats, and no file is changed
into another format in place; golden files under `tests/sessions/golden/` hold each of them.

    1 -> 2    `types` describes the machine's types and replaces `fingerprint`, a sum over the description; `[[mark]]`
    2 -> 3    `[[machine]]`; `at` and `cause` of a step; and the words of the glossary (see `present_step`)
"""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

from fasm_cli.engine.records import Record
from fasm_cli.errors import InternalError, SessionError
from fasm_cli.sessions.model import ALONE, FORMAT, Header, MachineEntry, Mark
from fasm_cli.sessions.toml_values import NotStorable, value_text

Values = dict[str, Any]
Keys = tuple[str, ...]

MAX_LINE = 100  # a list that would make its line longer has one element on each line
MAX_BLOCK = 4 * 1024 * 1024  # bytes; bounds the memory of a reader
MAX_FILE = 256 * 1024 * 1024  # bytes; about 400,000 steps
MACHINE, STEP, GOTO, MARK = "[[machine]]\n", "[[step]]\n", "[[goto]]\n", "[[mark]]\n"

HEADER_KEYS: dict[int, Keys] = {
    1: ("format", "machine", "version", "fingerprint", "origin", "finding", "state"),
    2: ("format", "machine", "version", "types", "origin", "finding", "state"),
    3: ("format", "origin", "finding"),
}
MACHINE_KEYS = ("at", "name", "version", "types", "state")
STEP_KEYS = (
    *("n", "parent", "at", "event", "cause", "outcome", "error", "actions", "changed", "unrestored"),
    *("violated", "digest", "state"),
)
REQUIRED_STEP_KEYS = ("n", "parent", "event", "outcome", "digest")
RECORD_FIELDS = {"changed": "changed_paths", "unrestored": "unrestored_ids", "violated": "violated_law"}  # other names
_STEP_FIELDS = [(key, RECORD_FIELDS.get(key, key), key in REQUIRED_STEP_KEYS) for key in STEP_KEYS if key != "state"]
OLD_NAMES = {"unrestored": "missing", "violated": "broken", "removed": "gone"}  # keys of formats 1 and 2
OLD_STEP_KEYS = tuple(OLD_NAMES.get(key, key) for key in STEP_KEYS if key not in ("at", "cause"))
GOTO_KEYS = ("step", "after")
MARK_KEYS = ("kind", "name", "step", "removed", "after")
BLOCKS: dict[int, dict[str, Keys]] = {  # by format: the blocks that may follow the header, by their first line
    1: {STEP: OLD_STEP_KEYS, GOTO: GOTO_KEYS},
    2: {STEP: OLD_STEP_KEYS, GOTO: GOTO_KEYS, MARK: tuple(OLD_NAMES.get(key, key) for key in MARK_KEYS)},
    3: {STEP: STEP_KEYS, GOTO: GOTO_KEYS, MARK: MARK_KEYS},
}


# --- writing -------------------------------------------------------------------------------------------------------


def render_session(
    header: Header,
    records: Sequence[Record],
    snapshots: Mapping[int, Any] | None = None,
    head: int | None = None,
    marks: Sequence[Mark] = (),
) -> str:
    """The text of a whole file, with the head at step `head` (by default the last one). Raises `SessionError` if a
    value cannot be stored."""
    last = records[-1].n if records else 0
    blocks = [header_text(header)]
    blocks += [step_text(record, (snapshots or {}).get(record.n)) for record in records]
    blocks += [mark_text(mark, len(records)) for mark in marks]
    if head is not None and head != last:
        blocks.append(goto_text(head, len(records)))
    texts, checksum = [], ""
    for block in blocks:
        text, checksum = with_checksum(block, checksum)
        texts.append(text)
    return "\n".join(texts)


def header_text(header: Header) -> str:
    """The first block without its checksum, in the present format. Raises `SessionError`."""
    what = "the header"
    finding = {} if header.finding is None else {"finding": header.finding}
    texts = [_block("", {"format": FORMAT, "origin": header.origin, **finding}, what)]
    for at, machine in header.machines.items():
        if machine.types is None:
            raise InternalError(f"the types of {machine.name} are not known; only format 1 had none")
        values = {
            **({} if at == ALONE else {"at": at}),
            "name": machine.name,
            "version": machine.version,
            "types": machine.types,
            "state": machine.state,
        }
        texts.append(_block(MACHINE, values, what))
    return _checked_size("".join(texts), what)


def step_text(record: Record, state: Any = None) -> str:
    """The block of a step without its checksum; empty values, and a snapshot that is None, are omitted. Raises
    `SessionError`."""
    values: Values = {}
    for key, name, required in _STEP_FIELDS:
        value = getattr(record, name)
        if value or required:
            values[key] = value
    if state is not None:
        values["state"] = state
    return _block(STEP, values, f"step {record.n}")


def goto_text(step: int, after: int) -> str:
    """The block that moves the head to `step` when the file has `after` steps."""
    return _block(GOTO, {"step": step, "after": after}, f"the move to step {step}")


def mark_text(mark: Mark, after: int) -> str:
    """The block that sets or removes a mark when the file has `after` steps. Raises `SessionError`."""
    removed = {"removed": True} if mark.removed else {}
    values = {"kind": str(mark.kind), "name": mark.name, "step": mark.step, **removed, "after": after}
    return _block(MARK, values, f"the {mark.kind} {mark.name[:40]!r}")


def with_checksum(body: str, previous: str) -> tuple[str, str]:
    """The block with its checksum, and the checksum."""
    checksum = chain_checksum(body.encode("utf-8"), previous)
    return f'{body}sum = "{checksum}"\n', checksum


def chain_checksum(body: bytes, previous: str) -> str:
    """16 hexadecimal digits for `body` after a block with the checksum `previous`."""
    return blake2b(body, digest_size=8, key=previous.encode("ascii")).hexdigest()


def line_text(key: str, value: Any) -> str:
    """`key = value` with a line break; a long list has one element on each line. Raises `NotStorable`."""
    line = f"{key} = {value_text(value)}\n"
    if len(line) <= MAX_LINE or type(value) is not list:
        return line
    elements = "".join([f"    {value_text(item, 2)},\n" for item in value])
    return f"{key} = [\n{elements}]\n"


def _block(opening: str, values: Values, what: str) -> str:
    lines = [opening]
    for key, value in values.items():
        try:
            lines.append(line_text(key, value))
        except NotStorable as error:
            raise SessionError(f"{what} cannot be stored: `{key}`: {error}") from None
    return _checked_size("".join(lines), what)


def _checked_size(text: str, what: str) -> str:
    if len(text) * 4 > MAX_BLOCK and (size := len(text.encode("utf-8"))) > MAX_BLOCK - 64:
        raise SessionError(f"{what} is too large to store: {size >> 20} MiB; the limit is {MAX_BLOCK >> 20} MiB")
    return text


# --- older formats -------------------------------------------------------------------------------------------------

PRESENT_NAMES = {old: key for key, old in OLD_NAMES.items()}
FINDING_KEYS = {"why": "reason", "where": "location", "quiet": "quiescing_from"}
FAULT_KINDS = {"add": "actions_full", "operation": "disconnect"}


def present_header(values: Values) -> Header:
    """The header of a file of format 1 or 2. Format 1 has no `types`, only their fingerprint."""
    finding = values.get("finding")
    if finding is not None:
        finding = {FINDING_KEYS.get(key, key): value for key, value in finding.items()}
    types, fingerprint = values.get("types"), values.get("fingerprint", "")
    machine = MachineEntry(values["machine"], values["version"], types, values["state"], fingerprint)
    return Header({ALONE: machine}, values["origin"], finding, values["format"])


def present_step(values: Values) -> Values:
    """A step of format 1 or 2 in the words of the present format: ids that a restore did not emit were `missing`, the
    violated law was `broken`, an aborted step `failed`, a lost result `lose`, the kind of a fault its `failure`, and
    the count of a crash or fault `at`."""
    values = _renamed(values)
    event = dict(values["event"])
    kind = event.get("type")
    if kind == "lose":
        event["type"] = "lost"
    if kind == "fault" and "failure" in event:
        fault = event.pop("failure")
        event = {"type": kind, "kind": FAULT_KINDS.get(fault, fault) if isinstance(fault, str) else fault, **event}
    if kind in ("crash", "fault") and "at" in event:
        event["nth"] = event.pop("at")
    values["event"] = event
    if values["outcome"] == "failed":
        values["outcome"] = "aborted"
    return values


def present_mark(values: Values) -> Values:
    """A mark of format 2: `removed` was `gone`."""
    return _renamed(values)


def _renamed(values: Values) -> Values:
    return {PRESENT_NAMES.get(key, key): value for key, value in values.items()}
