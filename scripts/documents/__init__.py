"""Writes what the documents say about the code from the code: settings, MQTT messages, exit codes, the man page."""
