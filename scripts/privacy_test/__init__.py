"""A look from outside: what leaves a daemon that somebody speaks to, packet by packet."""
