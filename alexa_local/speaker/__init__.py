"""Who speaks: voices as vectors of unit length, made from the shared features.

SpeakerEmbedder(model)                           model: the opened folder "speaker"
    .push(frames (T, 64)); .speech_s; .embedding() -> (D,) of unit length or None; .reset()
    .embed(samples int16 (N,)) -> (D,) or None   a whole recording
    .scores(ones (N, D), others (M, D)) -> (N, M)  how much more alike than strangers they are
    .probability(score, speech_s) -> 0 to 1      that a voice with this score is that person's
    .known_probability, .sure_probability        from which on a person counts as known, as surely known
"""

from alexa_local.speaker.embedding import SpeakerEmbedder

__all__ = ["SpeakerEmbedder"]
