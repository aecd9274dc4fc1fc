"""Training of the network that turns a voice into a vector."""
