"""The camera case, end to end, on real image files."""
