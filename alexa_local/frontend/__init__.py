"""Sound to features, once, for every model."""

from alexa_local.frontend.logmel import LogMel, log_mel

__all__ = ["LogMel", "log_mel"]
