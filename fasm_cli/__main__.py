"""The `fasm` command. `--version` is answered before anything else is imported."""

import sys


def main() -> None:
    """Run `fasm` with the arguments of this process."""
    if sys.argv[1:] == ["--version"]:
        from fasm_cli import __version__

        print(f"fasm {__version__}")
        return
    from fasm_cli.shell import cli

    sys.exit(cli.main())


if __name__ == "__main__":
    main()
