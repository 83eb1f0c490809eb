"""Making the skill and the server known to agent clients of one project, and saying what works here."""

from platform_operations.install.clients import CLIENTS, Client
from platform_operations.install.examination import Check, doctor
from platform_operations.install.installing import Change, install
from platform_operations.install.skill import skill_files

__all__ = ["CLIENTS", "Change", "Check", "Client", "doctor", "install", "skill_files"]
