"""The architect: a model drafts with tools, the validator decides, the remedies finish what it leaves undone."""

from platform_operations.agent.architect import Outcome, architect
from platform_operations.agent.port import ModelPort, Reply, Request, Usage
from platform_operations.agent.settings import Settings

__all__ = ["ModelPort", "Outcome", "Reply", "Request", "Settings", "Usage", "architect"]
