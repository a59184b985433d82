"""From an incident to a verdict: the ledger of the drop, the causes, what stays unexplained."""
