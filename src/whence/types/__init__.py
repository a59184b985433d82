"""Plain data that the rooms exchange; no input or output, and no third party but msgspec."""
