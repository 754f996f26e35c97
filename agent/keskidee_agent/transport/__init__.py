"""The way to the collector: who this agent is there, one kept-alive connection, and whom it trusts."""
