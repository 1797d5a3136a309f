"""Sessions: the history of a machine with its branches, in memory and in a TOML file.

model         what a session file holds          format        its text, checksums and older formats
reader        reads and verifies a file          writer        appends, writes whole files, removes
corruption    describes damage                   files         file operations, atomic creation
toml_values   plain data as TOML, and back
journal       the recorded steps and branches    timeline      executes and navigates them
snapshot_tracker   process states along a file
"""

from fasm_cli.sessions.files import make_folder
from fasm_cli.sessions.format import render_session
from fasm_cli.sessions.model import FORMAT, SNAPSHOT_EVERY, Header, Stored
from fasm_cli.sessions.reader import read_session, scan_file
from fasm_cli.sessions.writer import SessionFile, remove_sessions, write_copy, write_trace

__all__ = [
    "FORMAT",
    "SNAPSHOT_EVERY",
    "Header",
    "SessionFile",
    "Stored",
    "make_folder",
    "read_session",
    "remove_sessions",
    "render_session",
    "scan_file",
    "write_copy",
    "write_trace",
]
