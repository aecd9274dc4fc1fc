"""Sound to features, once, for every model."""

from alexa_local.frontend.logmel import LogMel, log_mel
from alexa_local.frontend.steps import LEFT_FRAMES, STEP_FRAMES, Steps, probability

__all__ = ["LEFT_FRAMES", "STEP_FRAMES", "LogMel", "Steps", "log_mel", "probability"]
