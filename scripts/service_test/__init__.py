"""The suite behind scripts/test-service."""
