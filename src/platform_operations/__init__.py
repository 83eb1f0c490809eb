"""Delivery pipelines and production observability, designed as one reliability system."""

__version__ = "0.1.0"
