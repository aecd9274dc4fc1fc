"""The configuration: defaults, every fault at once, and nobody's password in a message."""

import ast
import dataclasses
import inspect
import typing
from pathlib import Path

import pytest

from alexa_local.config import Config, EndpointRule, find_config, load_config
from alexa_local.errors import ConfigError

SHIPPED = Path(__file__).resolve().parents[2] / "packaging" / "config.yaml"


@pytest.fixture
def load(tmp_path):
    def load(text: str) -> Config:
        file = tmp_path / "config.yaml"
        file.write_text(text, encoding="utf-8")
        return load_config(file)

    return load


def faults(load, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(text)
    return [line.strip().split("config.yaml:", 1)[-1] for line in str(caught.value).splitlines()[1:]]


def test_everything_has_a_default_so_that_no_file_is_needed(tmp_path):
    assert load_config(None, env={"XDG_CONFIG_HOME": str(tmp_path)}) == Config()


@pytest.mark.parametrize("text", ["", "# only comments\n", "wake:\nmqtt:\n", "mqtt:\n  host:\n"])
def test_an_empty_file_section_or_value_means_the_defaults(load, text):
    assert load(text) == Config()


def test_the_shipped_file_changes_nothing():
    assert load_config(SHIPPED) == Config()


def test_the_shipped_file_is_right_when_all_of_it_is_uncommented(load):
    text = SHIPPED.read_text(encoding="utf-8").split("\n\n", 1)[1]
    config = load(
        "\n".join(line.replace("#", " ", 1) if line.startswith("#") else line for line in text.split("\n"))
    )
    assert config.endpoint == Config().endpoint
    assert [device.name for device in config.home.devices] == ["reading lamp", "fountain", "heating"]
    assert config.contacts.call.run == ("/usr/local/bin/call", "{number}")
    for section in dataclasses.fields(Config):
        for field in dataclasses.fields(getattr(config, section.name)):
            assert f" {field.name}:" in text, f"{section.name}.{field.name} is not in {SHIPPED.name}"


def test_values_become_their_types(load, tmp_path):
    config = load(
        "music: {folders: [music, /srv/more]}\n"
        "mqtt: {host: broker.home, username: on, password: 007}\n"
        "endpoint: {patience: quick, final: {soon: {trailing_silence_s: 1}}}\n"
    )
    assert config.endpoint.patience == "quick"
    assert config.music.folders == (tmp_path / "music", Path("/srv/more"))
    assert (config.mqtt.username, config.mqtt.password) == ("on", "007")
    assert config.endpoint.final == {"soon": EndpointRule(trailing_silence_s=1.0)}
    assert isinstance(config.endpoint.final["soon"].trailing_silence_s, float)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("wake:\n  treshold: 0.5", "2: wake.treshold: unknown key; did you mean `threshold`?"),
        ("wakes: {}", "1: wakes: unknown key; did you mean `wake`?"),
        (
            "privacy:\n  xyzzy: 1",
            "2: privacy.xyzzy: unknown key; expected one of `local_only`, `in_local_only`",
        ),
        ("wake:\n  threshold: high", "2: wake.threshold: expected a number from 0.01 to 0.99, not `high`"),
        ("wake:\n  threshold: 1.5", "2: wake.threshold: expected a number from 0.01 to 0.99, not `1.5`"),
        ("wake:\n  threshold: .nan", "2: wake.threshold: expected a number from 0.01 to 0.99, not `.nan`"),
        ("mqtt: {port: 70000}", "1: mqtt.port: expected a whole number from 1 to 65535, not `70000`"),
        ("mqtt: {port: 1883.0}", "1: mqtt.port: expected a whole number from 1 to 65535, not `1883.0`"),
        ("mqtt: {port: true}", "1: mqtt.port: expected a whole number from 1 to 65535, not `true`"),
        ("privacy: {local_only: 1}", "1: privacy.local_only: expected `true` or `false`, not `1`"),
        (
            "voice: {engine: espeka}",
            "1: voice.engine: expected one of `auto`, `pico`, `flite`, `espeak`, `festival`, `none`, "
            "not `espeka`; did you mean `espeak`?",
        ),
        ("music: {folders: /srv}", "1: music.folders: expected a list (`- item` lines), not a single value"),
        ("audio: [1]", "1: audio: expected `key: value` lines, not a list"),
        ("audio: {input_device: [usb]}", "1: audio.input_device: expected text, not a list"),
        ("- wake", "1: expected `key: value` lines, not a list"),
        ("wake: {}\nwake: {}", "2: wake: is given twice; keep one of them"),
        (
            "endpoint: {final: {}}",
            "1: endpoint.final: expected at least one rule, or no request would ever end",
        ),
        (
            "recogniser:\n  beam: 2\n  n_best: 3",
            "3: recogniser.n_best: expected at most `beam` (2), not 3",
        ),
        ("home:\n  devices:\n    - kind: light\n      run: [a]", "3: home.devices[0].name: is missing"),
        (
            "home:\n  devices:\n    - {name: lamp, kind: light}",
            "3: home.devices[0]: expected either `topic` or `run`, to know what switches it",
        ),
        (
            "home:\n  devices:\n    - {name: lamp, kind: light, topic: t}",
            "3: home.devices[0].topic: expected `mqtt.host` to be set, to know the broker",
        ),
        (
            "home:\n  devices:\n    - {name: Lamp, kind: light, run: [a]}\n"
            "    - {name: lamp, kind: fan, run: [a]}",
            "4: home.devices[1].name: 'lamp' is already the name of devices[0] there",
        ),
    ],
)
def test_a_fault_is_told_with_its_line_key_and_what_was_expected(load, text, expected):
    assert faults(load, text) == [expected]


def test_all_faults_are_told_at_once_in_the_order_of_their_lines(load):
    told = faults(load, "mqtt:\n  port: x\n  hots: y\nwake:\n  threshold: z\nmusic:\n  volume: 101\n")
    assert [fault.split(":")[0] for fault in told] == ["2", "3", "5", "7"]


@pytest.mark.parametrize("text", ["mqtt: {password: [hunter2]}", "mqtt: {password: {hunter2: 1}}"])
def test_a_secret_is_not_shown_in_a_fault(load, text):
    assert "hunter2" not in "".join(faults(load, text))


def test_a_secret_is_not_shown_when_a_section_is_printed(load):
    assert "hunter2" not in repr(load("mqtt: {host: h, username: u, password: hunter2}"))


def test_a_password_that_everybody_can_read_is_warned_of(load, tmp_path, caplog):
    load("mqtt: {host: h, username: u, password: hunter2}")
    (tmp_path / "config.yaml").chmod(0o644)
    load_config(tmp_path / "config.yaml")
    assert caplog.text.count("chmod o-r") >= 1 and "hunter2" not in caplog.text
    caplog.clear()
    (tmp_path / "config.yaml").chmod(0o600)
    load_config(tmp_path / "config.yaml")
    assert caplog.text == ""


@pytest.mark.parametrize("raw", [b"wake: [\n", b"\tx: 1", b"wake: \xff", b"a: &a [*a]\nb: *c", b"x: '\n"])
def test_what_is_not_yaml_is_one_error_that_names_the_file(tmp_path, raw):
    file = tmp_path / "config.yaml"
    file.write_bytes(raw)
    with pytest.raises(ConfigError, match=r"config\.yaml"):
        load_config(file)


def test_a_file_that_was_asked_for_must_exist(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path / "none.yaml")


def test_the_search_goes_from_the_option_to_the_environment_to_the_user(tmp_path):
    users = tmp_path / "alexa-local" / "config.yaml"
    users.parent.mkdir()
    users.touch()
    env = {"XDG_CONFIG_HOME": str(tmp_path)}
    assert find_config(None, env) == users
    assert find_config(None, {**env, "ALEXA_LOCAL_CONFIG": "/b.yaml"}) == Path("/b.yaml")
    assert find_config("/a.yaml", {**env, "ALEXA_LOCAL_CONFIG": "/b.yaml"}) == Path("/a.yaml")


def test_every_setting_is_documented():
    modules = [*map(inspect.getmodule, typing.get_type_hints(Config).values()), inspect.getmodule(Config)]
    for node in [node for module in modules for node in ast.parse(inspect.getsource(module)).body]:
        if isinstance(node, ast.ClassDef):
            for setting, after in zip(node.body, [*node.body[1:], None], strict=True):
                if isinstance(setting, ast.AnnAssign):
                    assert isinstance(after, ast.Expr), (
                        f"{node.name}.{ast.unparse(setting.target)} has no docstring"
                    )


@pytest.mark.parametrize(("text", "wanted"), [("none", None), ("", None), ("words.npz", "words.npz")])
def test_a_second_look_needs_a_file_and_none_means_none(load, tmp_path, text, wanted):
    found = load(f"recogniser: {{rescoring: {text}}}").recogniser.rescoring
    assert found == (wanted and tmp_path / wanted)
