"""From a repository to what it shows: facts, each with its evidence, and today's state as a plan."""

from platform_operations.assess.assessing import assess
from platform_operations.assess.configuration import configuration_file, own_configuration

__all__ = ["assess", "configuration_file", "own_configuration"]
