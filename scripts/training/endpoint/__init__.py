"""Training of the small model that hears whether a speaker has finished."""
