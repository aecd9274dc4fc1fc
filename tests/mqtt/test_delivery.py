"""What is sent when, checked for any course of events."""

from uuid import UUID, uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from alexa_local.mqtt.delivery import Delivery, Pace

STEADY = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine fails no test."""
PACE = Pace(first_s=5.0, most_s=600.0, window=3, fresh_s=3.0)


def _delivery(chance: float = 0.5) -> Delivery:
    return Delivery(PACE, lambda: chance)


def _send(delivery: Delivery, request: UUID, now_s: float) -> float:
    delivery.sent(request, now_s + (distance_s := delivery.distance_s(request)))
    return distance_s


def test_the_newest_goes_first_and_the_rest_waits_for_answers() -> None:
    delivery = _delivery()
    ids = [uuid4() for _ in range(5)]
    for at, request in enumerate(ids):
        delivery.add(request, float(at))
    assert delivery.due(100.0) == [ids[4], ids[3], ids[2]]
    for request in ids[2:]:
        _send(delivery, request, 100.0)
    assert delivery.due(100.0) == []
    assert delivery.wait_s(100.0) == PACE.first_s
    delivery.drop(ids[4])
    assert delivery.due(101.0) == [ids[1]]


def test_a_fresh_one_need_not_wait_for_others() -> None:
    delivery = _delivery()
    for _ in range(3):
        delivery.add(request := uuid4(), 0.0)
        _send(delivery, request, 99.0)
    delivery.add(fresh := uuid4(), 100.0)
    assert delivery.due(100.0) == [fresh]
    assert delivery.due(100.0 + PACE.fresh_s) == []


def test_distances_grow_to_a_limit_and_vary_by_chance() -> None:
    delivery = _delivery()
    delivery.add(request := uuid4(), 0.0)
    assert [_send(delivery, request, 0.0) for _ in range(9)] == [5, 10, 20, 40, 80, 160, 320, 600, 600]
    for chance, share in ((0.0, 0.5), (0.9999, 1.5)):
        delivery = _delivery(chance)
        delivery.add(request, 0.0)
        assert round(_send(delivery, request, 0.0), 1) == PACE.first_s * share


def test_thousands_of_repeats_keep_their_distance() -> None:
    delivery = _delivery()
    delivery.add(request := uuid4(), 0.0)
    for _ in range(5000):
        assert _send(delivery, request, 0.0) <= PACE.most_s
    assert delivery.tries(request) == 5000


def test_a_broker_that_is_found_again_gets_everything_soon() -> None:
    delivery = _delivery(0.4)
    delivery.add(request := uuid4(), 0.0)
    for _ in range(6):
        _send(delivery, request, 10.0)
    delivery.reconnected(20.0)
    assert delivery.due(20.0) == [] and round(delivery.wait_s(20.0), 6) == 0.4 * PACE.spread_s
    assert delivery.due(21.0) == [request]


def test_an_answer_wakes_what_was_put_off_for_long_and_nothing_that_was_just_sent() -> None:
    delivery = _delivery()
    delivery.add(old := uuid4(), 0.0)
    delivery.add(new := uuid4(), 1.0)
    for _ in range(6):
        _send(delivery, old, 10.0)
    _send(delivery, new, 10.0)
    delivery.answered(11.0)
    assert delivery.due(11.0) == [old]
    _send(delivery, old, 11.0)
    delivery.answered(11.0)
    assert delivery.due(11.0) == []


def test_what_waits_no_more_is_never_due() -> None:
    delivery = _delivery()
    ids = [uuid4() for _ in range(3)]
    for request in ids:
        delivery.add(request, 0.0)
    delivery.drop(ids[0])
    delivery.drop(uuid4())
    delivery.keep_only({ids[1]})
    assert delivery.due(1.0) == [ids[1]] and len(delivery) == 1
    assert delivery.tries(ids[0]) == 0


@STEADY
@given(st.lists(st.floats(0, 0.999), min_size=1, max_size=40), st.integers(1, 12))
def test_every_message_is_sent_again_and_again_until_it_is_answered(chances: list[float], count: int) -> None:
    turns = iter(chances * 400)
    delivery = Delivery(PACE, lambda: next(turns))
    ids = [uuid4() for _ in range(count)]
    for request in ids:
        delivery.add(request, 0.0)
    now_s, sent = 0.0, dict.fromkeys(ids, 0)
    while min(sent.values()) < 3:
        for request in delivery.due(now_s):
            _send(delivery, request, now_s)
            sent[request] += 1
        wait_s = delivery.wait_s(now_s)
        assert wait_s is not None and wait_s > 0
        now_s += wait_s
        assert now_s < 3 * count * 2 * PACE.most_s


class AnyCourse(RuleBasedStateMachine):
    """Messages come and go, time passes, brokers vanish."""

    def __init__(self) -> None:
        super().__init__()
        self.delivery, self.now_s, self.waiting = Delivery(PACE), 0.0, set[UUID]()

    @rule()
    def add(self) -> None:
        self.waiting.add(request := uuid4())
        self.delivery.add(request, self.now_s)

    @rule(seconds=st.floats(0.01, 2000))
    def pass_time(self, seconds: float) -> None:
        self.now_s += seconds

    @rule()
    def send(self) -> None:
        for request in self.delivery.due(self.now_s):
            _send(self.delivery, request, self.now_s)

    @rule(pick=st.randoms())
    def answer(self, pick) -> None:  # type: ignore[no-untyped-def]
        if self.waiting:
            request = pick.choice(sorted(self.waiting))
            self.waiting.remove(request)
            self.delivery.drop(request)
            self.delivery.answered(self.now_s)

    @rule()
    def reconnect(self) -> None:
        self.delivery.reconnected(self.now_s)

    @invariant()
    def nothing_is_forgotten_and_nothing_else_is_sent(self) -> None:
        due = self.delivery.due(self.now_s)
        assert len(due) == len(set(due)) and set(due) <= self.waiting
        assert len(self.delivery) == len(self.waiting)
        if self.waiting:
            wait_s = self.delivery.wait_s(self.now_s)
            assert due or (wait_s is not None and 0 < wait_s <= PACE.most_s * (1 + PACE.jitter))


TestAnyCourse = AnyCourse.TestCase
TestAnyCourse.settings = settings(STEADY, stateful_step_count=40)
