"""Model files, found and verified."""

from alexa_local.models.manifest import Model, generation_of, models_folder, open_folder, open_model

__all__ = ["Model", "generation_of", "models_folder", "open_folder", "open_model"]
