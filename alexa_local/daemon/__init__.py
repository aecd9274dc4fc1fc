"""The long-running process: threads, supervision, the control socket and what systemd wants to know.

Import the modules by name: a command that only asks the daemon something must not load what the daemon needs.
"""
