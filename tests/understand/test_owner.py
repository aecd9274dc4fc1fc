import itertools
from pathlib import Path

import pytest

from alexa_local.errors import ConfigError
from alexa_local.understand import OwnerAction, Understander, load_owner_intents
from tests.understand.home import HOME, SATURDAY_EVENING, ask

COFFEE = Path(__file__).parents[2] / "packaging" / "examples" / "coffee-orders.yaml"

TEA = """
intents:
  makeTea:
    sentences:
      - "(make|brew) [me] a [{size}] {tea} [for {number:cups} people]"
    run: [tea-machine, --kind, "{tea}", "{size}"]
    publish: {topic: "kitchen/tea/{size}", payload: "{slots}"}
    reply: "One {size} {tea} coming up."
slots:
  size: [small, large]
  tea:
    Sencha: ["[japanese] green tea"]
    Assam: "(black|english) tea"
"""


@pytest.fixture(scope="module")
def cafe() -> Understander:
    return Understander(HOME, load_owner_intents(COFFEE), now=lambda: SATURDAY_EVENING)


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_coffee_example_gives_the_slots_of_a_clear_order_in_any_order(cafe):
    parts = {"size": "twelve ounce", "roast": "dark roast", "numberOfShots": "double shot"}
    with_both = {"milkAmount": "a little bit of skim milk", "sugarAmount": "lots of brown sugar"}
    for order, extras in itertools.product(itertools.permutations(parts), itertools.permutations(with_both)):
        said = " ".join(parts[name] for name in order)
        meaning = ask(
            cafe, f"can i have a {said} iced mocha with {' and '.join(with_both[name] for name in extras)}"
        )
        assert meaning.intent == "orderDrink"
        assert meaning.slots == {**parts, **with_both, "coffeeDrink": "iced mocha"}


@pytest.mark.parametrize(
    ("heard", "slots"),
    [
        ("brew an espresso", {"coffeeDrink": "espresso"}),
        (
            "can i get a large cap a chino with some milk",
            {"size": "large", "coffeeDrink": "cappuccino", "milkAmount": "some milk"},
        ),
        (
            "give me a dark rose triple shop house copy",
            {"roast": "dark roast", "numberOfShots": "triple shot", "coffeeDrink": "house coffee"},
        ),
        (
            "give me ate ounce lot a with cream",
            {"size": "eight ounce", "coffeeDrink": "latte", "milkAmount": "cream"},
        ),
    ],
)
def test_a_misheard_order_is_one_of_the_orders_that_exist(cafe, heard, slots):
    meaning = ask(cafe, heard)
    assert (meaning.intent, dict(meaning.slots)) == ("orderDrink", slots)


def test_a_closed_skill_leaves_other_requests_alone(cafe):
    assert ask(cafe, "set a timer for five minutes").intent == "SetTimer"
    assert ask(cafe, "turn on the coffee maker").slots == {"device": "Coffee maker"}


def test_an_owners_intent_is_understood_with_its_values(tmp_path):
    understander = Understander(HOME, load_owner_intents(write(tmp_path, TEA)))
    meaning = ask(understander, "please make me a large green tea for two people")
    assert (meaning.intent, dict(meaning.slots)) == ("makeTea", {"size": "large", "tea": "Sencha", "cups": 2})


def test_a_slot_stays_one_argument_and_cannot_widen_a_topic(tmp_path):
    action = load_owner_intents(write(tmp_path, TEA)).actions["makeTea"]
    slots = {"tea": "x; rm -rf / $(y) {size}", "size": "a/#"}
    assert action.argv(slots) == ["tea-machine", "--kind", "x; rm -rf / $(y) {size}", "a/#"]
    assert action.message(slots)[0] == "kitchen/tea/a__"
    assert action.answer({"tea": "Assam"}) == "One Assam coming up."


def test_all_slots_are_sent_as_json():
    action = OwnerAction(topic="t")
    assert action.message({"b": 1, "a": "ü"}) == ("t", '{"a": "ü", "b": 1}')


FAULTS = [
    ("intents: [", "line 1: this is not YAML"),
    ("intents: {}", "no intent is defined"),
    ("intnts: {a: {}}", "unknown key 'intnts'"),
    ("intents: {a: {sentences: ['x {colr}'], reply: y}}", "unknown slot {colr}; did you mean 'colour'?"),
    ("intents: {a: {sentences: ['x <pleas>'], reply: y}}\nrules: {please: '[p]'}", "did you mean 'please'?"),
    ("intents: {a: {sentences: ['turn (on|off'], reply: y}}", "'(' at character 6 is never closed"),
    ("intents: {a: {sentences: ['turn on)'], reply: y}}", "')' at character 8 closes nothing"),
    ("intents: {a: {sentences: ['x'], reply: y}, a: {sentences: ['z'], reply: y}}", "'a' is there twice"),
    ("intents: {SetTimer: {sentences: ['x'], reply: y}}", "is the name of a built-in intent"),
    ("intents: {a: {sentences: ['x']}}", "does nothing; give `run`, `publish` or `reply`"),
    ("intents: {a: {reply: y}}", "has no `sentences`"),
    ("intents: {a: {sentences: x, reply: y}}", "expected a list"),
    ("intents: {a: {sentences: ['x'], run: echo hello}}", "expected a list, the program and each argument"),
    (
        "intents: {a: {sentences: ['x {number}'], reply: '{numbr}'}}",
        "no sentence has a slot {numbr}; did you mean 'number'?",
    ),
    ("intents: {a: {sentences: ['x'], publish: {payload: p}}}", "has no `topic`"),
    ("intents: {a: {sentences: ['x'], reply: y, closd: true}}", "did you mean 'closed'?"),
    ("intents: {a: {sentences: ['x'], reply: y, closed: perhaps}}", "neither true nor false"),
    ("intents: {a: {sentences: ['<r>'], reply: y}}\nrules: {r: 'a <s>', s: 'b <r>'}", "refers to itself"),
    (
        "intents: {a: {sentences: ['{s}'], reply: y}}\nslots: {s: ['a {number}']}",
        "a slot cannot hold another slot",
    ),
    ("intents: {a: {sentences: ['{s}'], reply: y}}\nslots: {s: }", "has no values"),
    ("- a\n- b", "expected names with values"),
    ("", "no intent is defined"),
]


@pytest.mark.parametrize(("text", "message"), FAULTS, ids=[message for _, message in FAULTS])
def test_a_fault_of_the_file_is_told_with_its_remedy(tmp_path, text, message):
    with pytest.raises(ConfigError) as caught:
        load_owner_intents(write(tmp_path, text))
    assert message in str(caught.value)


def test_all_faults_are_told_at_once_with_their_lines(tmp_path):
    text = "intents:\n  a:\n    sentences:\n      - 'x {nope_at_all}'\n      - 'y (z'\n    replay: hi\n"
    with pytest.raises(ConfigError) as caught:
        load_owner_intents(write(tmp_path, text))
    told = str(caught.value)
    assert "line 4: intents.a.sentences[0]: unknown slot {nope_at_all}" in told
    assert "line 5: intents.a.sentences[1]" in told
    assert "did you mean 'reply'?" in told


def test_a_missing_file_is_told_with_its_name(tmp_path):
    with pytest.raises(ConfigError, match=r"nothing\.yaml"):
        load_owner_intents(tmp_path / "nothing.yaml")
