"""What the program costs, measured beside others."""
