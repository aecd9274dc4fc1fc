#!/bin/sh
# The server's program with the libraries beside it, whatever the caller's Python settings are.
exec /usr/bin/python3 -I /usr/lib/alexa-local-cloud "$@"
