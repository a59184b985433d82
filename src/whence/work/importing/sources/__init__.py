"""Where runs are brought from: one file for each kind of source."""
