"""What the project, and the person at the prompt, have said about the REPL before it began."""

from fasm_cli.debugger.session import DebugSession
from fasm_cli.errors import UsageError
from fasm_cli.project.config import ReplConfig, read_repl_config, read_user_config


def configure(workbench: DebugSession) -> None:
    """As the project has it: for every line, whoever wrote it. Raises `UsageError`."""
    _apply(workbench, read_repl_config(workbench.project.root))


def configure_prompt(workbench: DebugSession) -> None:
    """As the person at the prompt likes it, where the project is silent: no script depends on that. Raises
    `UsageError`."""
    _apply(workbench, read_user_config())
    configure(workbench)


def _apply(workbench: DebugSession, config: ReplConfig) -> None:
    settings = workbench.repl_state.settings
    settings.format = settings.format if config.format is None else config.format
    settings.time = settings.time if config.time is None else config.time
    settings.keys = settings.keys if config.keys is None else config.keys
    if config.aliases:
        from fasm_cli.cli.repl import verbs  # noqa: F401  fills the table: no alias may be called as a verb
        from fasm_cli.cli.repl.verbs_settings import define

        for name, line in config.aliases.items():
            try:
                define(workbench, name, line)
            except UsageError as error:
                raise UsageError(f"{config.path}: {error.message}", error.hint) from None
