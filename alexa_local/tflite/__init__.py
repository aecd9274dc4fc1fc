"""TFLite: loading models, and writing them.

Loading (runtime; the only way in is this package):

    load(path, threads=1, runtime=None) -> Network
    Network.run(**inputs) -> dict[str, ndarray]     float32, or int32 where declared; copies
    Network.inputs, Network.outputs                 shape by name
    network.installed_runtimes() -> list[str]       of "litert", "tflite-runtime"

Writing (training and tests; needs flatbuffers and ai-edge-litert when `to_bytes` or `save` is called):

    graph = writer.Graph()
    x = graph.input("frames", (1, 256))             dtype="int32" for indices
    h, c = graph.input("h", (1, 512)), graph.input("c", (1, 512))
    new_h, new_c = layers.lstm_cell(graph, x, h, c, w_ih, w_hh, bias, kind="int8", sparse=True)
    graph.output("h_out", new_h)                    tensor names: one for each input and output
    graph.output("c_out", new_c)
    graph.save("encoder.tflite")                    or to_bytes()

    layers.linear(graph, x (N, I), weight (O, I), bias (O,) or None, kind="float32"|"int8", sparse=False)
    layers.lstm_cell(graph, x, h, c, w_ih, w_hh, bias, kind, sparse, joined=True) -> (h, c)
    layers.gru_cell(graph, x, h, w_ih, w_hh, b_ih, b_hh, kind, sparse) -> h
    layers.embedding(graph, index (N,) int32, table (V, D), kind="float32"|"int8") -> (N, D)
    layers.layer_norm(graph, x (N, D), weight (D,), bias (D,), epsilon=1e-5)
    layers.pad_input(graph, x, multiple=16)

    Graph: constant(values, dtype), fully_connected, gather, add, sub, mul, div, maximum, minimum, logistic,
    tanh, relu, abs, rsqrt, exp, cast, softmax, log_softmax, mean(x, axis), concatenation(parts, axis),
    split(x, sizes or count, axis), slice(x, start, stop, axis), reshape(x, shape)

    sparse.prune_blocks(weight, sparsity), sparse.share_of_empty_blocks(weight)
    sparse.pad_columns(weight, multiple=16)
    quantise.quantise_rows(weight) -> (int8, scales)

`sparse=True` stores the 1x16 blocks that are not zero and prunes nothing; columns (for a joined LSTM: those
of x and h together) are a multiple of 16 and at most 4080. A causal convolution is `linear` over the
concatenated frames.

`save` seals the file with a checksum; `load` refuses a file without one, since tflite-runtime 2.14 crashes
on a damaged file. Delegates (XNNPACK) are always off: the same numbers everywhere, safe for sparse layers.

Checking: `reference.linear`, `reference.lstm_cell` and `reference.gru_cell` imitate int8 in numpy.
"""

from alexa_local.tflite.network import Network, load

__all__ = ["Network", "load"]
