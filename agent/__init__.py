"""The agent: joins what is seen to what is done and what is told."""

__version__ = "0.1.0"
