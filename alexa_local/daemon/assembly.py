"""The one place that knows every package: makes the daemon's parts out of the configuration."""

from __future__ import annotations

import functools
import logging
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from alexa_local.act import (
    VOLUME_SETTING,
    Actor,
    Dialogue,
    LocalOnly,
    Ring,
    Services,
    SystemClock,
    Watch,
    make_services,
)
from alexa_local.act.contacts import Contact as Addressee
from alexa_local.act.handlers import HANDLERS
from alexa_local.act.permissions import Permissions
from alexa_local.act.personal import personal
from alexa_local.capture import EchoCanceller
from alexa_local.config import Config
from alexa_local.daemon.calling import Calls, hearer
from alexa_local.daemon.importing import import_address_book
from alexa_local.daemon.listening import Listener
from alexa_local.daemon.music import report
from alexa_local.daemon.neighbours import as_names, as_settings, told
from alexa_local.daemon.parts import Do, Host, Parts, Status, anybody
from alexa_local.daemon.paths import DATABASE, PHRASE_VECTORS, cache_dir, state_dir
from alexa_local.daemon.player import HomePlayer
from alexa_local.daemon.renewing import Opened, Renewal
from alexa_local.daemon.sending import Sending
from alexa_local.daemon.sounding import Answerer, NowPlaying, Sounding, start_sounding
from alexa_local.daemon.topics import Topics
from alexa_local.daemon.voices import People
from alexa_local.daemon.wall import NetworkWall
from alexa_local.errors import AlexaLocalError
from alexa_local.messages import Hypothesis, Interpretation, Outcome, PhraseClass, Talker
from alexa_local.mqtt.topics import Names
from alexa_local.pipeline import Pipeline, VoiceListener
from alexa_local.playback.loudspeaker import ignore_played
from alexa_local.recognise import EndOfSpeech, Options, Recogniser
from alexa_local.recognise.rescore import WordNgrams, rescore
from alexa_local.sound import PortAudio
from alexa_local.speaker import SpeakerEmbedder
from alexa_local.speaker.identifying import SpeakerIdentifier
from alexa_local.speaker.profiles import Profile
from alexa_local.store import Ledger, Store, Traffic, open_store
from alexa_local.understand import (
    Catalogue,
    Contact,
    Device,
    KnownPhrases,
    OwnerIntents,
    RequestReader,
    Understander,
    known_sentences,
    load_owner_intents,
)
from alexa_local.understand.own_names import favoured
from alexa_local.wake import Hearer, Playing, WakeWord
from alexa_local.wake.stop import StopWord
from alexa_local.whisper import WhisperDetector

_LOG = logging.getLogger(__name__)
_QUIET_LIMIT_S = 60.0
_STOPPED: Mapping[str, tuple[Playing, ...]] = {
    "replies": ("alarm", "speech"),
    "music": ("alarm", "speech", "music"),
}

MUTED_SETTING = "microphone_muted"
"""The store's setting that says whether the microphone is to stay closed."""


def assemble(config: Config, host: Host, portaudio: PortAudio, echo: EchoCanceller | None = None) -> Parts:
    """Make the parts and start their threads; `echo` learns what is played.

    Raises:
        AlexaLocalError: a model, the word model, the intents file or the database is missing or wrong.
    """
    renewal = Renewal(config, host)
    wake_word, recogniser, end_of_speech, reader, embedder, whisper, stop = renewal.load(
        functools.partial(_load, config)
    )
    word_model = WordNgrams(config.recogniser.rescoring) if config.recogniser.rescoring else None
    intents_file = config.understanding.intents_file
    owner = load_owner_intents(intents_file) if intents_file else None
    store = open_store(state_dir(config.daemon) / DATABASE)
    host.at_the_end.callback(store.close)
    volume = int(store.setting(VOLUME_SETTING, str(config.music.volume)))
    sounding = start_sounding(config, host, portaudio, store, volume, echo.played if echo else ignore_played)
    host.at_the_end.callback(portaudio.close)
    answerer = Answerer(config, sounding)
    identifier = SpeakerIdentifier(embedder) if embedder else None
    people = People(store, state_dir(config.daemon), embedder, identifier.know if identifier else _nobody)
    brain = _Brain(config, host, store, sounding, owner, recogniser, reader, people)
    listeners: list[VoiceListener] = [one for one in (whisper, identifier) if one]
    renewal.start(
        brain.sending.broker,
        brain.services.clock,
        lambda: sounding.is_playing,
        lambda: "a metered connection" if brain.sending.waits_for_another_link() else "",
    )
    calls = Calls()
    stop_word = StopWord(stop, _STOPPED[config.wake.stop_word]) if stop else None
    stages = wake_word, recogniser, end_of_speech, listeners, stop_word
    playing = NowPlaying(sounding.mixer, is_elsewhere=lambda: sounding.is_playing_elsewhere)
    pipeline = _pipeline(*stages, playing, calls, config, host, answerer)

    def give_up(rungs: frozenset[str]) -> None:
        pipeline.give_up(rungs)
        renewal.give_up(rungs)

    return Parts(
        pipeline=pipeline,
        is_playing=lambda: sounding.is_playing,
        give_up=give_up,
        idle_rungs=frozenset(
            rung for rung, has in (("encoder", recogniser.has_branches), ("voices", listeners)) if not has
        ),
        may_answer=identifier.may_answer if identifier else anybody,
        interpret=brain.interpret,
        perform=brain.perform,
        rehearse=brain.rehearse,
        make_ready=answerer.make_ready,
        answer=answerer.answer,
        wait_until_quiet=lambda: sounding.playback.wait_idle(_QUIET_LIMIT_S),
        local_only=lambda: brain.services.local_only.on,
        set_local_only=brain.services.local_only.set,
        muted=lambda: store.setting(MUTED_SETTING, "off") == "on",
        remember_muted=lambda on: store.remember(MUTED_SETTING, "on" if on else "off"),
        is_ringing=lambda: brain.is_ringing,
        stop_ringing=brain.services.schedule.dismiss,
        stop_playing=brain.stop_playing,
        import_contacts=brain.import_contacts,
        rescore=functools.partial(rescore, model=word_model) if word_model else None,
        post=brain.sending.post,
        outbox=brain.sending.report,
        privacy=brain.ledger.report,
        clear_outbox=lambda: brain.sending.clear(),
        dropped=lambda: {
            "replies": sounding.playback.dropped_replies,
            **brain.sending.dropped(),
            **brain.dropped(),
        },
        status=lambda: {
            **brain.status(),
            **renewal.status(),
            **calls.status(),
            **_branches(recogniser),
            "realtime": portaudio.priorities(),
            **(echo.report if echo else {"echo_cancellation": "off"}),
        },
        commands={"music": lambda _: report(sounding.music), **renewal.commands(), **people.commands()},
        tell=brain.tell if brain.sending.broker else None,
    )


def _nobody(_: Iterable[Profile]) -> None:
    """Voices are not told apart."""


def _branches(recogniser: Recogniser) -> Mapping[str, int]:
    """How much of the work of the recogniser's encoder was the hard one, where there is another."""
    share = recogniser.large_share
    return {} if share is None else {"large_branch_pct": round(100 * share)}


def _load(
    config: Config, opened: Opened
) -> tuple[
    Hearer,
    Recogniser,
    EndOfSpeech,
    RequestReader | None,
    SpeakerEmbedder | None,
    WhisperDetector | None,
    WakeWord | None,
]:
    """The models, verified: first of all, so that a missing one is told before anything begins."""
    reading, voices, whisper = config.understanding.model, config.people.model, config.whisper
    stop = config.wake.stop_model if config.wake.stop_word != "off" else ""
    return (
        *_load_models(config, opened),
        RequestReader(opened[reading]) if reading else None,
        SpeakerEmbedder(opened[voices]) if voices else None,
        WhisperDetector(opened[whisper.model], whisper.threshold) if whisper.model else None,
        WakeWord(opened[stop]) if stop else None,
    )


def _load_models(config: Config, opened: Opened) -> tuple[Hearer, Recogniser, EndOfSpeech]:
    """Those that hear."""
    options = Options(config.recogniser.beam, config.recogniser.n_best)
    recogniser = Recogniser(opened[config.recogniser.model], options, config.recogniser.threads)
    wake_word = hearer(config, opened, recogniser.networks)
    return wake_word, recogniser, EndOfSpeech(opened[config.endpoint.model])


def _pipeline(
    wake_word: Hearer,
    recogniser: Recogniser,
    end_of_speech: EndOfSpeech,
    voice_listeners: Sequence[VoiceListener],
    stop_word: StopWord | None,
    playing: NowPlaying,
    calls: Calls,
    config: Config,
    host: Host,
    answerer: Answerer,
) -> Listener:
    """The stages in their order; music and replies make room for whoever speaks."""

    def on_event(name: str, data: Mapping[str, Any]) -> None:
        host.bus.publish(name, data)
        calls.count(name)
        if name in ("listening", "stt_text", "idle"):
            answerer.listening(name == "listening")

    stages = wake_word, recogniser, end_of_speech
    voices = voice_listeners, stop_word, playing
    return Pipeline(*stages, config.endpoint, on_event, *voices, host.meter)


class _Brain:
    """Understanding and acting, which share the names of the home.

    Used by the thread `act`; only the names of music are learned in the thread that reads the folders.
    """

    def __init__(
        self,
        config: Config,
        host: Host,
        store: Store,
        sounding: Sounding,
        owner: OwnerIntents | None,
        recogniser: Recogniser,
        reader: RequestReader | None,
        people: People,
    ) -> None:
        self._config = config
        self._owner = owner
        self._recogniser = recogniser
        self._sounding = sounding
        self._host = host
        self._wall = NetworkWall()
        self.is_ringing = False
        self.services = self._make_services(store)
        self._people = people
        actions = owner.actions if owner else {}
        permissions = Permissions(config.people, {*HANDLERS, *actions, "Repeat"})
        self._actor = Actor(self.services, actions, permissions=permissions)
        self._phrases = KnownPhrases(owner)
        self._biased_to: Catalogue | None = None
        self._reader = reader
        self._dialogue = Dialogue(self.services.clock.elapsed, lambda: self._names.devices)
        self._learning, self._biasing = threading.RLock(), threading.Lock()
        self._told = Names()
        self._own_names: dict[str, PhraseClass | None] = {}
        self._topics: Topics | None = None
        sounding.music.library.on_change = self._music_changed
        self._learn_names()
        sounding.music.start()
        host.spawn("timers", self._watch.run, self._watch.stop)

    def interpret(self, hypotheses: Sequence[Hypothesis], talker: Talker) -> Interpretation:
        """What a request means, to whoever says it."""
        if own := self._names_of(talker.person):
            hypotheses = favoured(hypotheses, own)
        return personal(self._dialogue.interpret(self._understander, hypotheses), talker)

    def perform(self, meaning: Interpretation, talker: Talker) -> Outcome:
        """Do it; whatever is being said ends first, and what rings is looked at after."""
        self._sounding.playback.stop_speaking()
        outcome = self._actor.perform(meaning, talker)
        self._dialogue.performed(meaning, outcome)
        if self._config.people.adapt and outcome.ok:
            self._people.follow(talker)
        self._watch.changed()
        self._bias()
        return outcome

    def stop_playing(self, what: str) -> None:
        """End what is said, and what rings or the music where that is meant."""
        self._sounding.playback.stop_speaking()
        if what == "alarm":
            self.services.schedule.dismiss()
        elif what == "music":
            self._sounding.music.player.stop()

    def rehearse(self, meaning: Interpretation, talker: Talker) -> Outcome | None:
        """What would come of it, while nothing is done and nobody is interrupted."""
        return self._actor.rehearse(meaning, talker)

    def import_contacts(self, data: bytes, book: str) -> Mapping[str, Any]:
        """Import an address book, and know its names from the next request on."""
        with self._learning:
            report = import_address_book(self.services.contacts, data, book)
            self._learn_names()
        return report

    def status(self) -> Mapping[str, Any]:
        """What a person may want to know of timers, the loudspeaker and the broker."""
        return {
            "timers": len(self.services.timers.all()),
            "alarms": len(self.services.alarms.all()),
            **self._next_timer(),
            "volume": self._sounding.mixer.volume,
            "loudspeaker": "missing" if self._sounding.loudspeaker.is_lost else "open",
            **self.sending.status(),
            **(self._topics.report() if self._topics else {}),
        }

    def dropped(self) -> Mapping[str, int]:
        """What was too much of what goes to the broker and comes from there."""
        return {"topics": self._topics.dropped} if self._topics else {}

    def _next_timer(self) -> Mapping[str, str]:
        due_s = [timer.due_s for timer in self.services.timers.all() if not timer.paused]
        if not due_s:
            return {}
        return {"next_timer": datetime.fromtimestamp(round(min(due_s)), UTC).isoformat()}

    def tell(self, status: Status, actions: Mapping[str, Do]) -> None:
        """Start the thread `topics`."""
        broker, services = self.sending.broker, self.services
        assert broker is not None, "there is nobody to be told"
        self._topics = Topics(
            *(self._config.mqtt, broker, self._host.bus),
            status=lambda: (status(), self._host.doing()),
            is_local_only=lambda: services.local_only.on,
            actions=actions,
            learn=self._learn_told,
            memory=services.store,
        )
        self._host.spawn("topics", self._topics.run, self._topics.stop)

    def _learn_told(self, sources: Sequence[Names]) -> None:
        """Called by the thread `topics`."""
        names = told(sources, self._config.home.devices, self._config.mqtt.topic_prefix)
        with self._learning:
            if names != self._told:
                self._told = names
                self.services.home.add(as_settings(names.things))
                self._learn_names()

    def _make_services(self, store: Store) -> Services:
        config = self._config
        self._local_only = local_only = LocalOnly(
            store, config.privacy.local_only, self._gate_changed, "updates" in config.privacy.in_local_only
        )
        self._wall.follow(local_only.on)
        clock = SystemClock()
        self.ledger = self._keep_ledger(store)
        self.sending = Sending(config.mqtt, self._host, store, clock, local_only, self.ledger.count)
        player = HomePlayer(self._sounding.mixer, self._sounding.music.player)
        services = make_services(
            *(store, clock, player, local_only, config.home.devices, config.contacts),
            publisher=self.sending.broker,
            on_change=self._changed,
            on_run=lambda program: self.ledger.count(Traffic("program", "started", program)),
        )
        self._watch = Watch(services.schedule, self._due, self._ringing)
        return services

    def _learn_names(self) -> None:
        """Understand and recognise the names of the home as they are now, from the next request on."""
        with self._learning:
            self._names, self._own_names = self._catalogue(), {}
            self._understander = Understander(self._names, self._owner, self._reader)
            self._recogniser.guide(known_sentences(self._owner, self._names))
            self._bias()

    def _names_of(self, person: str | None) -> PhraseClass | None:
        """The people of somebody's own address book, with the words that announce them."""
        if not person:
            return None
        known = self._own_names
        if person not in known:
            own = Catalogue(contacts=_as_names(self.services.contacts.of(person)))
            classes = KnownPhrases().of(own)
            known[person] = next((one for one in classes if one.kind == "contact"), None)
        return known[person]

    def _music_changed(self) -> None:
        """Called by whatever thread reads the music's folders; a disk that refuses does not end that one."""
        try:
            self._learn_names()
        except AlexaLocalError as error:
            _LOG.error("The names of the music are not known: %s", error)

    def _bias(self) -> None:
        """Hear the names more readily, with those of the timers of this moment; it takes milliseconds."""
        file = cache_dir(self._config.daemon) / PHRASE_VECTORS
        how = self._config.recogniser.biasing
        with self._biasing:  # not the other lock: a request does not wait for names to be learned
            running = {timer.name: None for timer in self.services.timers.all() if timer.name}
            names = replace(self._names, running_timers=tuple(running))
            if names == self._biased_to:
                return
            report = self._recogniser.listen_for(self._phrases.of(names), how, file)
            self._biased_to = names
        _LOG.info("%d phrases are listened for", report.phrases)
        if report.unspelled or report.left_out:
            _LOG.warning(
                "%d names cannot be listened for, and %d are too many; see `alexa-local bias check NAME`",
                len(report.unspelled),
                report.left_out,
            )

    def _catalogue(self) -> Catalogue:
        devices = [Device(one.name, one.kind, one.room, one.aliases) for one in self._config.home.devices]
        devices += as_names(self._told.things)
        people = _as_names(self.services.contacts.all())
        music = self._sounding.music.library.names()
        rooms = self._told.rooms
        return Catalogue(devices=tuple(devices), rooms=rooms, contacts=people, music=music)

    def _gate_changed(self) -> int:
        """The wall opens before the connection does, and is shut after it."""
        is_on = self._local_only.on
        if not is_on:
            self._wall.follow(is_on)
        try:
            deleted = self.sending.gate_changed()
        finally:
            if is_on:
                self._wall.follow(is_on)
        self.ledger.mode(is_on)
        return deleted

    def _keep_ledger(self, store: Store) -> Ledger:
        """Count what leaves, to the broker's goodbye."""
        ledger = Ledger(store)
        self._host.spawn("ledger", ledger.run, ledger.stop)
        self._host.at_the_end.callback(ledger.write)
        ledger.mode(self._local_only.on)
        return ledger

    def _changed(self) -> None:
        self._watch.changed()

    def _due(self, ring: Ring) -> None:
        """Called by the thread `timers`."""
        sentence = ring.sentence(self.services.clock)
        details = {"name": ring.name, "label": ring.label, "due_s": ring.due_s, "missed": ring.missed}
        self._host.bus.publish(f"{ring.kind}_finished", {**details, "reply": sentence})
        if self._config.voice.replies:
            self._sounding.playback.say(sentence)

    def _ringing(self, rings: Sequence[Ring]) -> None:
        """Called by the thread `timers`."""
        self.is_ringing = bool(rings)
        self._host.bus.publish("ringing", {"count": len(rings)})
        self._sounding.playback.alarm(self.is_ringing)


def _as_names(people: Iterable[Addressee]) -> tuple[Contact, ...]:
    """People of the address books, to be understood."""
    return tuple(Contact(one.name, one.nicknames, one.numbers) for one in people)
