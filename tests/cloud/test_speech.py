"""From speech to a worker's answer, with the shipped recogniser and the shipped language model."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest

from alexa_local.cloud.answering import Answering
from alexa_local.cloud.language_model import LanguageModel
from alexa_local.cloud.main import MODEL, models_folder
from alexa_local.cloud.metrics import Metrics
from alexa_local.cloud.rerank import Reranker, mix_of
from alexa_local.cloud.worker import BrokerSettings, Worker
from alexa_local.models import open_model
from alexa_local.mqtt.wire import Result
from alexa_local.notify import Notifier
from alexa_local.recognise.lattice import n_best
from alexa_local.recognise.lattice_wire import from_bytes
from alexa_local.testing.lattice_senders import LatticeSenders
from alexa_local.testing.mosquitto import Mosquitto, find_mosquitto
from scripts.demo.scene import speak
from scripts.evaluation.engines import Engines
from scripts.evaluation.reranking import heard_of


@pytest.mark.skipif(shutil.which("flite") is None, reason="the Debian package flite is missing")
@pytest.mark.skipif(find_mosquitto() is None, reason="the Debian package mosquitto is missing")
def test_a_spoken_requests_lattice_comes_back_with_readings_of_its_own(tmp_path: Path) -> None:
    said = "turn on the kitchen light"
    heard = heard_of(Engines().recogniser(), said, speak(said))
    model = open_model(MODEL, models_folder())
    answering = Answering("alexa-local", Reranker(LanguageModel(model), mix_of(model)), "server-1")
    with Mosquitto(tmp_path) as broker:
        worker = Worker(
            "server-1", BrokerSettings("127.0.0.1", broker.port), answering, Metrics(), Notifier({})
        )
        thread = threading.Thread(target=worker.run)
        thread.start()
        senders = LatticeSenders(broker.port)
        try:
            senders.wait_worker(heard.lattice)
            result = senders.result(senders.send("kitchen", heard.lattice))
        finally:
            worker.stop()
            thread.join(60)
            senders.close()
    assert isinstance(result, Result)
    readings = {one.text for one in n_best(from_bytes(heard.lattice), 50)}
    assert {one.text for one in result.hypotheses} <= readings
    assert heard.text in {one.text for one in result.hypotheses}
    assert 0.0 < result.confidence <= 1.0
