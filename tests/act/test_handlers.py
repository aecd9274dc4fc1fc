import pytest
from house import House

from alexa_local.act import VOLUME_SETTING
from alexa_local.testing.player import FakePlayer


@pytest.mark.parametrize(
    ("intent", "slots", "reply"),
    [
        ("GetTime", {}, "It's seven thirty in the evening."),
        ("GetDate", {}, "It's Friday the twenty-first of November."),
        ("GetDate", {"date": "2025-12-24"}, "That's Wednesday the twenty-fourth of December."),
        ("Greeting", {}, "Good evening."),
        ("Goodbye", {}, "Good night."),
        ("Thanks", {}, "You're welcome."),
        ("Cancel", {}, "Okay."),
        ("SetVolume", {"level": 40}, "Volume forty percent."),
        ("SetVolume", {"level": 400}, "Volume one hundred percent."),
        ("SetVolume", {}, "How loud?"),
        ("VolumeUp", {}, "Volume sixty percent."),
        ("VolumeDown", {"amount": 30}, "Volume twenty percent."),
        ("PlayMusic", {}, "Playing Clair de Lune."),
        ("PlayMusic", {"music": "Yesterday"}, "Playing Yesterday."),
        ("PlayMusic", {"query": "polka"}, "I can't find polka in your music."),
        ("WhatsPlaying", {}, "Nothing is playing."),
        ("PauseMusic", {}, "Nothing is playing."),
        ("ResumeMusic", {}, "There is no music to go on with."),
        ("StopMusic", {}, "Nothing is playing."),
        ("NextTrack", {}, "Nothing is playing."),
        ("Stop", {}, ""),
    ],
)
def test_answers(house: House, intent: str, slots: dict[str, object], reply: str) -> None:
    assert house.reply(intent, **slots) == reply


def test_music_from_its_beginning_to_its_end(house: House) -> None:
    house.ask("PlayMusic", shuffle=True)
    assert house.player.shuffled
    assert house.ask("NextTrack").action == {"music": {"playing": "Blue in Green"}}
    assert house.reply("WhatsPlaying") == "This is Blue in Green."
    assert house.ask("PreviousTrack").ok
    assert house.ask("PauseMusic").ok
    assert house.reply("WhatsPlaying") == "Clair de Lune is paused."
    assert house.ask("ResumeMusic").ok
    assert house.ask("Stop").action == {"stopped": "music"}
    assert house.player.now_playing() == ""


def test_without_music_it_says_how_to_get_some(house: House) -> None:
    house.player.__init__(())  # type: ignore[misc]
    assert house.reply("PlayMusic") == "I have no music. Name its folders under music in the configuration."


def test_the_volume_is_kept_and_a_louder_one_ends_muting(house: House) -> None:
    house.ask("Mute")
    assert house.player.muted
    house.ask("VolumeUp")
    assert (house.player.volume, house.player.muted) == (60, False)
    assert house.store.setting(VOLUME_SETTING) == "60"
    house.ask("Mute")
    assert house.ask("Unmute").ok
    assert not house.player.muted


def test_a_tone_stands_for_an_answer_that_nobody_needs(house: House) -> None:
    outcome = house.ask("Mute")
    assert (outcome.ok, outcome.reply, outcome.earcon) == (True, "", "done")


def test_help_names_an_example(house: House) -> None:
    assert "set a timer for ten minutes" in house.reply("Help")


def test_the_fake_player_is_a_player() -> None:
    from alexa_local.act import Player

    player: Player = FakePlayer()
    assert player.volume == 50
