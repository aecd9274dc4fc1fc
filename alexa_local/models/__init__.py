"""Model files, found and verified."""

from alexa_local.models.manifest import Model, models_folder, open_model

__all__ = ["Model", "models_folder", "open_model"]
