from datetime import datetime

from alexa_local.messages import Hypothesis, Interpretation
from alexa_local.understand import Catalogue, Contact, Device, Understander

SATURDAY_EVENING = datetime(2026, 11, 21, 20, 30)

HOME = Catalogue(
    devices=(
        Device("Kitchen light", "light", "kitchen"),
        Device("Reading lamp", "light", "living room", ("book light",)),
        Device("Coffee maker", "plug", "kitchen"),
        Device("Ceiling fan", "fan", "bedroom"),
        Device("Bedroom blinds", "cover", "bedroom"),
        Device("Garage door", "cover", "garage"),
        Device("Movie night", "scene"),
    ),
    rooms=("kitchen", "living room", "bedroom", "office"),
    contacts=(Contact("Anna Miller", ("mom",)), Contact("John Miller"), Contact("Priya Raman")),
    music=("Jazz", "The Beatles", "Dinner music"),
    lists=("shopping", "to do"),
)


def ask(understander: Understander, *texts: str) -> Interpretation:
    """The meaning of an n-best list, the first text the likeliest."""
    return understander.interpret([Hypothesis(text, -1.0 - number) for number, text in enumerate(texts)])
