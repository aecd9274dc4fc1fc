"""Attention biasing: networks that make the recogniser listen for the phrases of a catalogue."""
