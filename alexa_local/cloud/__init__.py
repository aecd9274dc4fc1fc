"""The owner's own server: reads the devices' lattices again with a model that is too large for a board."""
