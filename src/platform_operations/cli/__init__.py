"""The command line: `platform-ops`. Nothing heavy is imported before the command is known."""

from platform_operations.cli.entry import main, program

__all__ = ["main", "program"]
