"""Sentences that a recogniser looks for, as a graph that it can follow."""

from pathlib import Path

from alexa_local.messages import SentenceGraph
from alexa_local.understand import Catalogue, Contact, OwnerIntents, known_sentences, load_owner_intents

COFFEE = Path(__file__).parents[2] / "packaging" / "examples" / "coffee-orders.yaml"


def can_say(graph: SentenceGraph, text: str) -> bool:
    places = {0}
    for word in text.split():
        places = {to for node in places for said, to in graph.arcs[node] if said == word}
    return bool(places & graph.ends)


def owner(tmp_path: Path, intents: str) -> OwnerIntents:
    file = tmp_path / "intents.yaml"
    file.write_text(intents, encoding="utf-8")
    return load_owner_intents(file)


def test_the_coffee_orders_can_be_said_and_nothing_else() -> None:
    graph = known_sentences(load_owner_intents(COFFEE))
    assert graph is not None
    assert can_say(graph, "can i get a large dark roast mocha with some soy milk and brown sugar")
    assert can_say(graph, "brew an espresso")
    assert not can_say(graph, "brew an")
    assert not can_say(graph, "turn on the kitchen light")


def test_without_known_sentences_there_is_no_graph(tmp_path: Path) -> None:
    assert known_sentences(None) is None
    assert known_sentences(owner(tmp_path, "intents: {A: {sentences: [open it], reply: x}}")) is None


def test_sentences_with_free_text_are_left_out(tmp_path: Path) -> None:
    intents = 'intents:\n  A: {sentences: ["write down {any:note}"], reply: x, closed: true}\n'
    both = intents + "  B: {sentences: [feed the cat], reply: y, closed: true}\n"
    assert known_sentences(owner(tmp_path, intents)) is None
    graph = known_sentences(owner(tmp_path, both))
    assert graph is not None
    assert can_say(graph, "feed the cat")


def test_closed_skills_may_name_people(tmp_path: Path) -> None:
    intents = 'intents:\n  A: {sentences: ["fetch {contact}"], reply: x, closed: true}\n'
    catalogue = Catalogue(contacts=(Contact("Zdenka Krol", ("grandma",)),))
    graph = known_sentences(owner(tmp_path, intents), catalogue)
    assert graph is not None
    assert can_say(graph, "fetch zdenka krol")
    assert can_say(graph, "fetch grandma")
    assert not can_say(graph, "fetch")
