"""Platforms that are recognised from one table, without a vocabulary of their own."""

from platform_operations.platforms.platform import Platform

RECOGNISED: tuple[Platform, ...] = ()
