"""The language model with which an owner's server reads lattices again."""
