"""The process that stays: its loop, what it has others do, and why it ends."""
