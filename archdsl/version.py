"""The version, stated once: packaging reads this file."""

__version__ = "0.1.0"
