"""The contract between agent and collector: model, rules and wire format. Standard library only."""

__version__ = "0.1.0"
