"""The write path: one append-only file per process."""
