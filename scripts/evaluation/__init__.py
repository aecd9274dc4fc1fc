"""Measures the shipped models on labelled recordings: words, wake words, intents."""
