"""CI configuration as the plan's own entries: one module per CI system in `systems`, one way to split jobs into stages."""

from platform_operations.assess.ci.delivery import Delivery, ci_systems, read_delivery

__all__ = ["Delivery", "ci_systems", "read_delivery"]
