"""Runs and what belongs to them into a store, from other tools or an export."""
