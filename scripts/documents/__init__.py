"""What the documents say of the code, from the code: settings, messages, exit codes, the manual page."""
