"""Training of the small network that reads requests which no template fits."""
