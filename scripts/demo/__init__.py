"""The demo: spoken commands, synthesised on the spot, through the very path that a microphone feeds."""
