"""The verbs of the REPL: one table that feeds the prompt, `-c`, `-f`, piped lines, completion and help.

To add a verb, write its function in the module of its theme and put it in the table with `@verb`. A line is an input
where it has a call form (`Name(…)`) or names an input without fields; else its first word is a verb.
"""

# Each registers its verbs, in the order in which `help` lists them.
# isort: off
from fasm_cli.shell import repl_verbs_step  # noqa: F401
from fasm_cli.shell import repl_verbs_time  # noqa: F401
from fasm_cli.shell import repl_verbs_look  # noqa: F401
from fasm_cli.shell import repl_verbs_work  # noqa: F401
from fasm_cli.shell import repl_verbs_file  # noqa: F401
from fasm_cli.shell import repl_verbs_self  # noqa: F401

# isort: on
from fasm_cli.shell.repl_kinds import Kind
from fasm_cli.shell.repl_perform import is_input, perform, performed
from fasm_cli.shell.repl_verb import VERBS, Quit, Verb

__all__ = ["VERBS", "Kind", "Quit", "Verb", "is_input", "perform", "performed"]
