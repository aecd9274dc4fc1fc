"""A speech assistant that lives on a small Linux board and keeps working without a network."""

__version__ = "0.1.0"
