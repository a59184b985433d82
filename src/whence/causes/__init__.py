"""The catalogue: one file per way models fail, each a question, a test and a remedy."""
