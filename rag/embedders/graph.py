"""all-MiniLM-L6-v2 as an ONNX graph: BERT with six layers, mean pooling and unit length, from the published weights.

Beside a text's vector it gives one of each token, of few numbers, for comparing a question with a passage word by word.

The architecture is that of BERT (Devlin et al. 2019) and the pooling that of Sentence-BERT (Reimers and Gurevych 2019);
the numbers below are those of the model's own `config.json`. Embedding, attention, GELU and layer normalisation are
written as onnxruntime's fused operators, which it would otherwise have to find.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

LAYERS = 6
HEADS = 12
DIMENSIONS = 384
_EPSILON = 1e-12
_FUSED = "com.microsoft"
_OPSETS = (("", 17), (_FUSED, 1))
_IR_VERSION = 8

Weights = Mapping[str, NDArray[np.float32]]


class _Graph:
    """Nodes and constants as they are added; each step returns the name of what it computes."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, value: NDArray[np.float32] | NDArray[np.int64]) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def weight(self, name: str) -> str:
        return self.constant(name, self.weights[name])

    def transposed(self, name: str) -> str:
        return self.constant(name, self.weights[name].T)

    def add(self, kind: str, inputs: Sequence[str], domain: str = "", **options: Any) -> str:
        name = f"{kind}_{len(self.nodes)}"
        outputs = [name, f"{name}_mask"] if kind == "EmbedLayerNormalization" else [name]
        self.nodes.append(helper.make_node(kind, inputs, outputs, name, domain=domain, **options))
        return name

    def fused(self, kind: str, inputs: Sequence[str], **options: float | int) -> str:
        return self.add(kind, inputs, _FUSED, **options)


def build_graph(weights: Weights, basis: NDArray[np.float32]) -> onnx.ModelProto:
    """The network that turns `input_ids` and `attention_mask` (int32, texts × tokens) into `vectors` of length 1.

    Its second output, `states`, has a vector of length 1 for each token: what the last layer says of it, along `basis`.

    Args:
        weights: the model's tensors by their published names.
        basis: the directions in which tokens are told apart, one a column.
    """
    graph = _Graph(weights)
    state = _embedded(graph)
    for layer in range(LAYERS):
        state = _layer(graph, state, f"encoder.layer.{layer}.")
    _pooled(graph, state)
    _told_apart(graph, state, basis)
    return _model(graph, basis.shape[1])


def _embedded(graph: _Graph) -> str:
    # A text is never a pair, so the first token type belongs to every position.
    kind = graph.weights["embeddings.token_type_embeddings.weight"][0]
    positions = graph.constant("positions", graph.weights["embeddings.position_embeddings.weight"] + kind)
    words = graph.weight("embeddings.word_embeddings.weight")
    norm = _norm(graph, "embeddings.")
    return graph.fused("EmbedLayerNormalization", ["input_ids", "", words, positions, "", *norm], epsilon=_EPSILON)


def _layer(graph: _Graph, state: str, at: str) -> str:
    heads = graph.fused("Attention", [state, *_projections(graph, at), "attention_mask"], num_heads=HEADS)
    mixed = graph.add("MatMul", [heads, graph.transposed(f"{at}attention.output.dense.weight")])
    state = _joined(graph, mixed, state, f"{at}attention.output.")
    wide = graph.add("MatMul", [state, graph.transposed(f"{at}intermediate.dense.weight")])
    wide = graph.fused("BiasGelu", [wide, graph.weight(f"{at}intermediate.dense.bias")])
    narrow = graph.add("MatMul", [wide, graph.transposed(f"{at}output.dense.weight")])
    return _joined(graph, narrow, state, f"{at}output.")


def _projections(graph: _Graph, at: str) -> tuple[str, str]:
    """Query, key and value side by side, as the fused attention wants them."""
    names = [f"{at}attention.self.{name}" for name in ("query", "key", "value")]
    weight = np.concatenate([graph.weights[f"{name}.weight"].T for name in names], axis=1)
    bias = np.concatenate([graph.weights[f"{name}.bias"] for name in names])
    return graph.constant(f"{at}projections", weight), graph.constant(f"{at}projections.bias", bias)


def _joined(graph: _Graph, change: str, state: str, at: str) -> str:
    """What a block computed, added to what went into it, and normalised."""
    bias = graph.weight(f"{at}dense.bias")
    return graph.fused("SkipLayerNormalization", [change, state, *_norm(graph, at), bias], epsilon=_EPSILON)


def _norm(graph: _Graph, at: str) -> tuple[str, str]:
    return graph.weight(f"{at}LayerNorm.weight"), graph.weight(f"{at}LayerNorm.bias")


def _pooled(graph: _Graph, state: str) -> None:
    """The mean of the tokens' states; length 1 makes their number cancel out, so the sum will do."""
    axis = graph.constant("axis", np.array([1], dtype=np.int64))
    mask = graph.add("Cast", ["attention_mask"], to=TensorProto.FLOAT)
    row = graph.add("Unsqueeze", [mask, axis])
    total = graph.add("Squeeze", [graph.add("MatMul", [row, state]), axis])
    graph.nodes.append(helper.make_node("LpNormalization", [total], ["vectors"], axis=-1, p=2))


def _told_apart(graph: _Graph, state: str, basis: NDArray[np.float32]) -> None:
    along = graph.add("MatMul", [state, graph.constant("basis", basis)])
    graph.nodes.append(helper.make_node("LpNormalization", [along], ["states"], axis=-1, p=2))


def _model(graph: _Graph, directions: int) -> onnx.ModelProto:
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT32, ["texts", "tokens"])
        for name in ("input_ids", "attention_mask")
    ]
    outputs = [
        helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["texts", DIMENSIONS]),
        helper.make_tensor_value_info("states", TensorProto.FLOAT, ["texts", "tokens", directions]),
    ]
    body = helper.make_graph(graph.nodes, "all-MiniLM-L6-v2", inputs, outputs, graph.constants)
    opsets = [helper.make_opsetid(domain, version) for domain, version in _OPSETS]
    return helper.make_model(body, opset_imports=opsets, ir_version=_IR_VERSION)
