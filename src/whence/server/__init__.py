"""The server: a native HTTP API over one store, and the page that reads it. Adapters only."""
