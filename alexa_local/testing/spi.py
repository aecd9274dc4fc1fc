"""An SPI bus with a chain of APA102 LEDs at its end, which understands what it is sent as they do."""

from __future__ import annotations


class FakeSpi:
    """Stands in for `spidev.SpiDev`, and for the module `spidev` when it is imported.

    Attributes:
        messages: what was sent.
        fails: the next message is refused.
        closed: whether it was closed.
        opened: the bus and the device.
        max_speed_hz: the clock.
    """

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.fails = False
        self.closed = False
        self.opened: tuple[int, int] | None = None
        self.max_speed_hz = 0

    def SpiDev(self) -> FakeSpi:
        """The bus."""
        return self

    def open(self, bus: int, device: int) -> None:
        """Remember which."""
        self.opened = bus, device

    def writebytes2(self, values: bytes) -> None:
        """Remember them."""
        if self.fails:
            raise OSError(5, "Input/output error")
        self.messages.append(bytes(values))

    def close(self) -> None:
        """Remember it."""
        self.closed = True

    def lit(self, message: int = -1) -> list[tuple[float, float, float]]:
        """The light, red, green and blue from 0 to 1, of each LED that such a message reaches.

        Each LED takes the first word that begins with three set bits and was not taken, and hands on the rest
        half a clock later, so that a message must be that much longer.
        """
        sent = self.messages[message]
        assert sent[:4] == bytes(4), "a message begins with 32 zero bits"
        words = [sent[at : at + 4] for at in range(4, len(sent) - 3, 4)]
        leds = [word for word in words if word[0] >> 5 == 0b111]
        clocks_after = 8 * (len(sent) - 4 - 4 * len(leds))
        assert clocks_after >= 32 + len(leds) / 2, "the last LED would show it only with the next message"
        return [tuple(part / 255 * (word[0] & 31) / 31 for part in word[:0:-1]) for word in leds]  # type: ignore[misc]
