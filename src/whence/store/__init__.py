"""One folder: metadata, columnar tables, journals."""
