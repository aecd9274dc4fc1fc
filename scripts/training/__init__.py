"""Training of the models in firmware_models; imports the runtime, never the reverse."""
