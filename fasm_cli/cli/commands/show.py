"""`fasm list` and `fasm describe`."""

from fasm_cli.cli.commands.base import JsonFlag, Target, app, command_output, project


@app.verb("fasm list", name="list")
def list_(json: JsonFlag = False) -> None:
    """The machines under machines/. None is imported."""
    from fasm_cli.usecases import describe as machines

    with command_output("list", json) as output:
        output.report(machines.listed(project()))


@app.verb("fasm describe coffee_shop")
def describe(target: Target, json: JsonFlag = False) -> None:
    """What a machine takes, emits and promises."""
    from fasm_cli.engine.engine import Engine
    from fasm_cli.project.load import import_machine
    from fasm_cli.usecases import describe as machines

    with command_output("describe", json) as output:
        output.report(machines.describe(Engine(import_machine(project(), target))))
