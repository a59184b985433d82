"""Our own API: JSON over HTTP, described by the structs that the code itself uses."""
