"""Configures the REPL: aliases and settings from the project and from the user's file."""

from fasm_cli.cli.repl.registry import define_alias, load_verbs
from fasm_cli.debugger.session import DebugSession
from fasm_cli.errors import UsageError
from fasm_cli.project.config import ReplConfig, read_repl_config, read_user_config


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
        load_verbs()  # an alias may not have the name of a verb
        for name, line in config.aliases.items():
            try:
                define_alias(session, name, line)
            except UsageError as error:
                raise UsageError(f"{config.path}: {error.message}", error.hint) from None
