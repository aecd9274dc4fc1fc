"""Who speaks: voices as vectors of unit length, made from the shared features.

SpeakerEmbedder(model)                           model: the opened folder "speaker"
    .push(frames (T, 64)); .speech_s; .embedding() -> (D,) of unit length or None; .reset()
    .embed(samples int16 (N,)) -> (D,) or None   a whole recording
    .probability(score, speech_s) -> 0 to 1      that a voice at this cosine from a person's is that person's
    .known_probability, .sure_probability        from which on a person counts as known, as surely known
similarity(one, other) -> float                  the cosine of two embeddings
"""

from alexa_local.speaker.embedding import SpeakerEmbedder, similarity

__all__ = ["SpeakerEmbedder", "similarity"]
