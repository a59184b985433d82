"""Whence: what got worse in production, since when, why, and what would fix it."""
