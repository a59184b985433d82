"""Pure: raw inputs (photos) to columns derived from them."""
