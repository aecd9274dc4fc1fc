"""Reading standard input without being held up by it."""

import os
import threading

from alexa_local.cli.standard_input import StandardInput


def test_what_is_there_is_given_at_once_and_nothing_at_the_end():
    read_end, write_end = os.pipe()
    stream = StandardInput(lambda: False, read_end)
    os.write(write_end, b"sound")
    assert stream.read(100) == b"sound"
    os.close(write_end)
    assert stream.read(100) == b""
    os.close(read_end)


def test_a_read_that_waits_in_vain_ends_when_it_is_over():
    """A thread that was left waiting here made the interpreter abort at its end."""
    read_end, write_end = os.pipe()
    over, got = threading.Event(), []
    stream = StandardInput(over.is_set, read_end)
    thread = threading.Thread(target=lambda: got.append(stream.read(100)))
    thread.start()
    over.set()
    thread.join(20)
    assert got == [b""]
    os.close(read_end)
    os.close(write_end)
