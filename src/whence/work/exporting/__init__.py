"""Runs and what belongs to them out of a store, as plain files that any tool reads."""
