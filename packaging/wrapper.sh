#!/bin/sh
# The program in its own virtual environment, whatever the caller's Python settings are.
exec /usr/lib/alexa-local/bin/python3 -I -m alexa_local.cli "$@"
