"""The programs on a 64-bit Arm, emulated: the same words and the same numbers as here."""
