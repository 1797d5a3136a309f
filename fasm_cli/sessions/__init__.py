"""Sessions and traces on disk: the one door to the files. The parts behind it:

    session_model    what a file holds               session_text     its text, and the sums
    session_reader   reading, block by block         session_block    one block's values, checked
    session_source   the bytes to read               session_steps    steps that are fetched when they are needed
    session_line     where the process stands        migrations       what the older formats were
    session_damage   torn or edited?                 session_writer   the one who may append
    lock             who that is                     session_trace    a whole trace at once
    session_whole    files whole or not at all       session_disk     the file operations used
    session_remove   taking them away
    toml_text        plain data as TOML, and back    toml_read        reading TOML quickly, in bounded time

Other layers import from here only.
"""

from fasm_cli.sessions.atomic_file import make_folder
from fasm_cli.sessions.format import render_session
from fasm_cli.sessions.model import FORMAT, SNAPSHOT_EVERY, Header, Stored
from fasm_cli.sessions.reader import read_session, scan_file
from fasm_cli.sessions.remove import remove_sessions
from fasm_cli.sessions.trace_file import write_copy, write_trace
from fasm_cli.sessions.writer import SessionFile

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
