"""A small fully connected network for rows of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

TASKS = ("tabular_classification", "tabular_regression")

PRESETS = {
    "MLP": {
        "low": {"hidden_units": [32]},
        "medium": {"hidden_units": [64, 64]},
        "high": {"hidden_units": [256, 256, 128], "dropout_rate": 0.3},
    }
}
"""Sizes for a machine: low without a GPU or with little memory, high with a large GPU."""


def MLP(
    input_shape: tuple[int],
    hidden_units: Sequence[int] = (64, 64),
    activation: Literal["relu", "gelu", "swish", "tanh", "selu"] = "relu",
    dropout_rate: Annotated[float, "0..0.9"] = 0.1,
    batch_normalization: bool = False,
) -> Any:
    """Layers in which every unit sees all of the layer before; trains on a few hundred rows in seconds.

    Args:
        input_shape: The number of columns.
        hidden_units: Units of each hidden layer, from the input on.
        activation: What bends the output of each unit.
        dropout_rate: Share of units dropped at random after each hidden layer while training, against overfitting.
        batch_normalization: Normalize the output of each hidden layer over the batch, with momentum 0.9; helps deep
            networks on large tables, and disturbs on small ones.

    Returns:
        A model from scaled columns to features (batch, last of hidden_units).

    Raises:
        ValueError: A layer would have no unit.
    """
    import keras

    units: list[Any] = list(hidden_units)
    if not units or any(not isinstance(count, int) or count < 1 for count in units):
        raise ValueError(f"hidden_units must be whole numbers from 1 on, such as [64, 64]; received {units}.")
    inputs = keras.Input(input_shape)
    features = inputs
    for count in units:
        features = keras.layers.Dense(count, use_bias=not batch_normalization)(features)
        if batch_normalization:
            features = keras.layers.BatchNormalization(momentum=0.9)(features)
        features = keras.layers.Activation(activation)(features)
        if dropout_rate:
            features = keras.layers.Dropout(dropout_rate)(features)
    return keras.Model(inputs, features, name="mlp")
