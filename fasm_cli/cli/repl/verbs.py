"""The verbs of the REPL: one table that feeds the prompt, `-c`, `-f`, piped lines, completion and help.

To add a verb, write its function in the module of its theme and put it in the table with `@verb`. A line is an input
where it has a call form (`Name(…)`) or names an input without fields; else its first word is a verb.
"""

# Each registers its verbs, in the order in which `help` lists them.
# isort: off
from fasm_cli.cli.repl import verbs_step  # noqa: F401
from fasm_cli.cli.repl import verbs_navigate  # noqa: F401
from fasm_cli.cli.repl import verbs_inspect  # noqa: F401
from fasm_cli.cli.repl import verbs_run  # noqa: F401
from fasm_cli.cli.repl import verbs_file  # noqa: F401
from fasm_cli.cli.repl import verbs_settings  # noqa: F401

# isort: on
from fasm_cli.cli.repl.argument_kinds import Kind
from fasm_cli.cli.repl.execute import execute, execute_with_reload, is_input
from fasm_cli.cli.repl.registry import VERBS, Quit, Verb

__all__ = ["VERBS", "Kind", "Quit", "Verb", "execute", "execute_with_reload", "is_input"]
