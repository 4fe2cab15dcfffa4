"""``python -m ember_infer_macros expand MODEL``: for places where the command line's extra is not installed."""

from __future__ import annotations

import argparse
import sys

from ember_infer_core.errors import ModelError
from ember_infer_macros.expand import expand


def main() -> int:
    """Runs the command; returns the exit status: 0, or 2 for a model that cannot be expanded."""
    parser = argparse.ArgumentParser(prog="python -m ember_infer_macros", description="Ember Infer's model classes.")
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("expand", help="print the Python that @ember_model generates for a model")
    command.add_argument("model", help="a .tflite file")
    command.add_argument("--class-name", help="name of the class; by default made from the file's")
    arguments = parser.parse_args()
    if sys.stdout is None:
        print("error: standard output is closed: there is nowhere to write to", file=sys.stderr)
        return 2
    try:
        print(expand(arguments.model, arguments.class_name), end="")
    except (ModelError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
