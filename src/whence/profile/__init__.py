"""Counts of a window: an Arrow batch or numpy columns in, mergeable counts out."""
