"""The verbs of the REPL, one module per theme. Importing this package fills the table `registry.VERBS`.

To add a verb, write its function in the module of its theme and decorate it with `@verb`: prompt, `-c`, `-f`, piped
lines, completion and help all read the table.
"""

# In the order in which `help` lists the verbs.
# isort: off
from fasm_cli.cli.repl.verbs import step  # noqa: F401
from fasm_cli.cli.repl.verbs import navigate  # noqa: F401
from fasm_cli.cli.repl.verbs import inspect  # noqa: F401
from fasm_cli.cli.repl.verbs import run  # noqa: F401
from fasm_cli.cli.repl.verbs import files  # noqa: F401
from fasm_cli.cli.repl.verbs import settings  # noqa: F401

# isort: on
