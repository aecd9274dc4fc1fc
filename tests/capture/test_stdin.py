import io
import os
import threading

import numpy as np
import pytest

from alexa_local.capture import open_stdin
from alexa_local.errors import AudioFileError, UsageError


def test_raw_pcm_comes_out_in_blocks_with_a_shorter_last_one():
    samples = np.arange(2000, dtype=np.int16)
    blocks = list(open_stdin(16_000, 2, 1, stream=io.BytesIO(samples.tobytes())))
    assert [len(block) for block in blocks] == [1280, 720]
    assert np.array_equal(np.concatenate(blocks), samples)


def test_a_cut_last_frame_is_left_out():
    data = np.arange(100, dtype=np.int16).tobytes() + b"\x07"
    assert sum(map(len, open_stdin(stream=io.BytesIO(data)))) == 100


def test_what_a_pipe_has_is_given_before_the_pipe_is_full():
    read_end, write_end = os.pipe()
    with os.fdopen(read_end, "rb") as stream:
        blocks = iter(open_stdin(stream=stream))
        os.write(write_end, bytes(1280 * 2))
        assert len(next(blocks)) == 1280
        closer = threading.Thread(target=os.close, args=(write_end,))
        closer.start()
        assert list(blocks) == []
        closer.join()


def test_no_bytes_at_all_is_an_error():
    with pytest.raises(AudioFileError, match="gave no sound"):
        list(open_stdin(stream=io.BytesIO()))


def test_an_unknown_width_is_a_usage_error():
    with pytest.raises(UsageError, match="1, 2, 3 or 4"):
        open_stdin(16_000, 8, 1, stream=io.BytesIO())
