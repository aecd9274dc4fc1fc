import pytest
from house import House


@pytest.mark.parametrize(
    ("intent", "slots", "reply", "items"),
    [
        (
            "AddToList",
            {"items": ["milk"]},
            "I added milk to the shopping list.",
            ["eggs", "oat flakes", "milk"],
        ),
        (
            "AddToList",
            {"items": ["milk", "tea", "egg"]},
            "I added milk and tea to the shopping list; egg you had already.",
            ["eggs", "oat flakes", "milk", "tea"],
        ),
        ("AddToList", {"items": ["Eggs"]}, "Eggs are already on the shopping list.", ["eggs", "oat flakes"]),
        (
            "AddToList",
            {"items": "tea", "list": "shopping list"},
            "I added tea to the shopping list.",
            ["eggs", "oat flakes", "tea"],
        ),
        ("AddToList", {}, "What?", ["eggs", "oat flakes"]),
        (
            "AddToList",
            {"items": ["nails"], "list": "Hardware"},
            "I added nails to the hardware list.",
            ["eggs", "oat flakes"],
        ),
        ("RemoveFromList", {"items": ["the egg"]}, "I took eggs off the shopping list.", ["oat flakes"]),
        (
            "RemoveFromList",
            {"items": ["tea"]},
            "There is no tea on the shopping list.",
            ["eggs", "oat flakes"],
        ),
        (
            "RemoveFromList",
            {"items": ["eggs", "tea"]},
            "I took eggs off the shopping list; there was no tea.",
            ["oat flakes"],
        ),
        (
            "ReadList",
            {},
            "There are two things on the shopping list: eggs and oat flakes.",
            ["eggs", "oat flakes"],
        ),
        ("ReadList", {"list": "to do"}, "The to do list is empty.", ["eggs", "oat flakes"]),
        ("ClearList", {"list": "shopping"}, "The shopping list is empty now.", []),
    ],
)
def test_lists(house: House, intent: str, slots: dict[str, object], reply: str, items: list[str]) -> None:
    house.ask("AddToList", items=["eggs", "oat  flakes"], list="shopping")
    assert house.reply(intent, **slots) == reply
    house.restart()
    assert house.services.lists.items("shopping") == items


def test_a_list_has_an_end(house: House) -> None:
    assert house.ask("AddToList", items=[f"thing {number}x" for number in range(500)]).ok
    assert house.reply("AddToList", items=["one more"]) == (
        "The shopping list is full. It has five hundred things on it."
    )
    assert len(house.services.lists.items("shopping")) == 500
