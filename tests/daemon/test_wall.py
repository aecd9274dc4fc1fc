"""The wish that the service leaves for systemd."""

from alexa_local.daemon.wall import NetworkWall


def test_the_service_leaves_the_newest_wish_in_its_runtime_folder(tmp_path):
    wall = NetworkWall({"RUNTIME_DIRECTORY": f"{tmp_path}:/run/another"})
    wall.follow(local_only=False)
    assert (tmp_path / "network").read_text() == "open\n"
    wall.follow(local_only=True)
    assert (tmp_path / "network").read_text() == "closed\n"


def test_nothing_happens_outside_a_service():
    NetworkWall({}).follow(local_only=True)


def test_a_vanished_folder_is_told_and_stops_nobody(tmp_path, caplog):
    NetworkWall({"RUNTIME_DIRECTORY": str(tmp_path / "gone")}).follow(local_only=True)
    assert "local-only is on" in caplog.text
