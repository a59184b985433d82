"""The `whence` command: one file per subcommand."""
