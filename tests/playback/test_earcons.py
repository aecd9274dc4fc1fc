import numpy as np
import pytest

from alexa_local.errors import UsageError
from alexa_local.playback import EARCONS, earcon


@pytest.mark.parametrize("name", EARCONS)
@pytest.mark.parametrize("rate_hz", [16_000, 44_100])
def test_a_tone_is_short_not_too_loud_and_begins_and_ends_without_a_click(name, rate_hz):
    sound = earcon(name, rate_hz)
    assert sound.dtype == np.int16
    assert len(sound) / rate_hz <= (2.5 if name == "alarm" else 0.5)
    assert 3_000 < np.abs(sound).max() < 20_000
    assert abs(int(sound[0])) < 100
    assert abs(int(sound[-1])) < 100


def test_an_unknown_tone_lists_the_known_ones():
    with pytest.raises(UsageError, match="wake, done, error, alarm"):
        earcon("gong", 16_000)
