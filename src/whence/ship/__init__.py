"""From a program's journals to a server: a spool on this machine, and one process that ships it."""
