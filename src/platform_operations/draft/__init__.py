"""The embedded drafter: today's plan with every finding repaired by the rules' own remedies.

No model, no network.
"""

from platform_operations.draft.drafter import consistent, derived, draft, finished, repaired
from platform_operations.draft.rollout import rollout_of

__all__ = ["consistent", "derived", "draft", "finished", "repaired", "rollout_of"]
