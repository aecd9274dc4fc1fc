"""The neural diff: a shipped recogniser learns new material by few changes of its int8 weights."""
