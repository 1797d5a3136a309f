"""The `fasm` command. `--version` is answered before anything else is imported."""

import gc
import sys


def main() -> None:
    """Run `fasm` with the arguments of this process."""
    if sys.argv[1:] == ["--version"]:
        from fasm_cli import __version__

        print(f"fasm {__version__}")
        return
    gc.set_threshold(10_000, 20, 20)  # most of what a start allocates is modules, which no collection frees
    try:
        from fasm_cli.cli import app as cli

        code = cli.main()
    except KeyboardInterrupt:  # while `cli` is imported, before it handles the signal
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    main()
