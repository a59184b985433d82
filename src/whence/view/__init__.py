"""What people look at: read-only pictures of a store, as the pages show them."""
