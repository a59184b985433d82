"""What users hold from Python: Store and Model."""
