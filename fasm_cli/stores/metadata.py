"""What a database says of whose state it holds: the machine, its version, its types."""

import json
from dataclasses import dataclass

from fasm_cli.engine.machine import Machine
from fasm_cli.engine.transaction import Connection
from fasm_cli.errors import SessionError
from fasm_cli.types.description import TypeChange, Types, fingerprint, is_description, summarize, type_changes
from fasm_cli.types.plain import ordered_text

MIGRATE = "`fasm migrate TARGET --db URL` carries it over"


@dataclass(frozen=True, slots=True)
class Metadata:
    """`types` is empty where the database is from before they were described, and has their `fingerprint` only."""

    machine: str
    version: int
    fingerprint: str
    types: Types

    @classmethod
    def read(cls, connection: Connection) -> "Metadata":
        (row,) = connection.execute("SELECT machine, version, types FROM fasm_about", ()).rows
        text = row["types"]
        types = json.loads(text) if text.startswith("[") else []
        if not is_description(types):
            raise SessionError("the database does not say of what types it is; somebody has written in fasm_about")
        return cls(row["machine"], row["version"], fingerprint(types) if types else text, types)

    def check_machine(self, machine: Machine) -> None:
        """Raises `SessionError` where it is another machine's, or a later version's."""
        if self.machine != machine.name:
            raise SessionError(f"the database holds the state of {self.machine}, not of {machine.name}")
        if self.version > machine.version:
            raise SessionError(
                f"the database holds {self.machine} version {self.version}, and this is version {machine.version}, "
                "which is older",
                f"use the machine of version {self.version}",
            )

    def is_compatible(self, machine: Machine) -> bool:
        """Whether it was written by this version, and all of its types are the machine's."""
        same = not self.changes(machine) if self.types else self.fingerprint == machine.fingerprint
        return same and self.version == machine.version

    def check(self, machine: Machine) -> None:
        """Raises `SessionError` where it is not for `machine`."""
        self.check_machine(machine)
        if self.is_compatible(machine):
            return
        types = summarize(self.changes(machine))
        changed = f": {types}" if types else ""
        if self.version != machine.version:
            held = f"the database holds {machine.name} version {self.version}, and this is version {machine.version}"
            raise SessionError(f"{held}{changed}", MIGRATE)
        raise SessionError(f"the types of {machine.name} have changed since the database was written{changed}", MIGRATE)

    def changes(self, machine: Machine) -> list[TypeChange]:
        """The types that are not the same, as far as the database says."""
        return type_changes(self.types, machine.types) if self.types else []


def write_metadata(connection: Connection, machine: Machine) -> None:
    """From here on the database is of `machine` as it is now."""
    connection.execute("DELETE FROM fasm_about", ())
    whose = machine.name, machine.version, ordered_text(machine.types)
    connection.execute("INSERT INTO fasm_about VALUES (1, ?, ?, ?)", whose)
