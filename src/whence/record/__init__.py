"""What a program says, as journal records."""
