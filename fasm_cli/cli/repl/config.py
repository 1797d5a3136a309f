"""Configure the REPL: aliases and settings from the project, from the user's file, and from the verb `alias`."""

import re

from fasm_cli.cli.repl.registry import MAX_QUOTED, VERBS
from fasm_cli.debugger.session import DebugSession
from fasm_cli.errors import UsageError
from fasm_cli.project.config import ReplConfig, read_repl_config, read_user_config
from fasm_cli.types.schema import variants

ALIAS_NAME = re.compile(r"[^\W\d][\w-]*")


def configure(session: DebugSession) -> None:
    """Apply the project's configuration, which holds for every line. Raises `UsageError`."""
    _apply(session, read_repl_config(session.project.root))


def configure_prompt(session: DebugSession) -> None:
    """Apply the user's configuration, then the project's over it. Only a prompt does this: scripts must not depend on
    the user's file. Raises `UsageError`."""
    _apply(session, read_user_config())
    configure(session)


def _apply(session: DebugSession, config: ReplConfig) -> None:
    settings = session.repl_state.settings
    settings.format = settings.format if config.format is None else config.format
    settings.time = settings.time if config.time is None else config.time
    settings.keys = settings.keys if config.keys is None else config.keys
    if config.aliases:
        from fasm_cli.cli.repl import verbs  # noqa: F401  fills the table: an alias may not have the name of a verb

        for name, line in config.aliases.items():
            try:
                define_alias(session, name, line)
            except UsageError as error:
                raise UsageError(f"{config.path}: {error.message}", error.hint) from None


def define_alias(session: DebugSession, name: str, line: str) -> None:
    """Let `name` stand for `line`. Raises `UsageError` if it is not a name, or the name of a verb or an input."""
    if not ALIAS_NAME.fullmatch(name):
        raise UsageError(f"{name[:MAX_QUOTED]!r} is not a valid alias", "use letters, digits, - and _")
    if name in VERBS or name in variants(session.machine.input_schema):
        raise UsageError(f"{name!r} is already a verb or an input", "choose another name")
    session.repl_state.aliases[name] = line


def expand_alias(name: str, line: str, arguments: str) -> str:
    """Return `line` with `$1`, `$2`, … replaced by the words of `arguments`. Raises `UsageError` if their number is
    wrong."""
    given = arguments.split()
    wanted = max((int(found) for found in re.findall(r"\$([1-9])", line)), default=0)
    if len(given) != wanted:
        raise UsageError(f"{name} takes {wanted} words, got {len(given)}", f"{name} = {line}")
    return re.sub(r"\$([1-9])", lambda found: given[int(found[1]) - 1], line)
