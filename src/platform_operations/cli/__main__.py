"""`python -m platform_operations.cli` is `platform-ops`."""

from platform_operations.cli.entry import program

program()
