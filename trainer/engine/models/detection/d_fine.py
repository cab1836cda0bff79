"""KerasHub's D-FINE network as a detector of ours."""

from __future__ import annotations

import functools
from typing import Any

import keras
from keras import ops

from trainer.engine.models.detection.denoising import Denoising, NoisyObjects, attention_mask
from trainer.engine.models.detection.detector import BoxDetector
from trainer.engine.models.detection.matching import match, most_matched
from trainer.engine.models.detection.set_losses import (
    Layers,
    corners_of,
    layers_loss,
    matching_costs,
    truth_of,
)
from trainer.errors import ConfigError, Problem

NETWORK = "d_fine"
"""Name of the layer that is the network."""


@keras.saving.register_keras_serializable("ModelGardener")
class DFineNetwork(keras.layers.Layer):  # type: ignore[misc]
    """KerasHub's HGNetV2, encoder and decoder of D-FINE, from scaled pixels to what a `DFineDetector` gives.

    The features are computed in the precision of the run, encoder and decoder in float32: their boxes would be off by
    pixels otherwise.

    Args:
        features: Arguments of `keras_hub.models.HGNetV2Backbone`.
        network: Arguments of `keras_hub.models.DFineBackbone`.
        num_classes: Number of classes.
        image_shape: Height and width, multiples of 32, and channels.
        num_noisy: Noisy queries per picture that it learns from besides; 0 for none.
        options: Those of every Keras layer.
    """

    def __init__(
        self,
        features: dict[str, Any],
        network: dict[str, Any],
        num_classes: int,
        image_shape: list[int],
        num_noisy: int,
        **options: Any,
    ) -> None:
        super().__init__(**{"dtype": "float32", **options})
        self.settings: dict[str, Any] = {
            "features": features,
            "network": network,
            "num_classes": num_classes,
            "num_noisy": num_noisy,
        }
        self.image_shape = list(image_shape)
        hub = self._hub()
        names = ("queries", "references", "encoder_scores", "encoder_boxes")
        start = hub.get_layer("initial_query_reference_generator").output
        start = (start[1], start[0], *start[2:])
        parts = {
            **dict(zip(names, start, strict=True)),
            "memory": hub.get_layer("source_flattener").output,
        }
        self.trunk = keras.Model(hub.input, parts, name="trunk")
        self.decoder = hub.decoder
        self.denoising = None
        if num_noisy > 1:
            self.denoising = Denoising(num_noisy, num_classes, network["hidden_dim"], dtype="float32")
            self.denoising.build()
        self.built = True

    def call(self, pixels: Any, training: bool = False) -> dict[str, Any]:
        """See `DFineDetector` for what it gives."""
        trunk = self.trunk(pixels, training=training)
        layers = self._decoded(trunk, trunk["queries"], trunk["references"], None, training)
        height, width = self.image_shape[:2]
        sides = ops.convert_to_tensor([width, height, width, height], "float32")
        return {
            "boxes": corners_of(layers.boxes[:, -1]) * sides,
            "scores": layers.scores[:, -1],
            **{f"layer_{name}": value for name, value in layers._asdict().items()},
            **trunk,
        }

    def with_noise(self, outputs: dict[str, Any], noisy: NoisyObjects) -> tuple[Layers, Layers]:
        """What the decoder makes of noisy queries, and of the ordinary ones beside them.

        Args:
            outputs: Those of `call`.
            noisy: What its layer `denoising` gave.
        """
        num_noisy, num_queries = noisy.queries.shape[1], outputs["queries"].shape[1]
        queries = ops.concatenate([noisy.queries, outputs["queries"]], axis=1)
        references = ops.concatenate([noisy.references, outputs["references"]], axis=1)
        mask = attention_mask(noisy, num_queries)
        both = self._decoded(outputs, queries, references, mask, training=True)
        return _part(both, slice(num_noisy)), _part(both, slice(num_noisy, None))

    @property
    def scale(self) -> Any:
        """What a side of a reference is divided by to measure distances from it."""
        return ops.abs(self.decoder.reg_scale[0])

    def get_config(self) -> dict[str, Any]:
        """What the layer can be made from again."""
        return {**super().get_config(), **self.settings, "image_shape": self.image_shape}

    def _decoded(self, trunk: dict[str, Any], queries: Any, references: Any, mask: Any, training: bool) -> Layers:
        # KerasHub 0.32 fails where the attentions are not asked for.
        outputs = self.decoder(
            inputs_embeds=queries,
            encoder_hidden_states=trunk["memory"],
            reference_points=references,
            spatial_shapes=None,  # It has them from its arguments.
            attention_mask=mask,
            output_hidden_states=True,
            output_attentions=True,
            training=training,
        )
        scores, boxes, edges, measured_from = outputs[2:6]
        edges = ops.reshape(edges, (-1, *edges.shape[1:3], 4, self.decoder.max_num_bins + 1))
        # KerasHub repeats the edges of the first layer for what that layer begins with.
        return Layers(scores, boxes, edges[:, 1:], measured_from[:, 0])

    def _hub(self) -> Any:
        # Imported here: it takes some ten seconds.
        from keras_hub.models import DFineBackbone, HGNetV2Backbone

        shape = tuple(self.image_shape)
        shared: dict[str, Any] = {"image_shape": shape, "data_format": "channels_last"}
        features = HGNetV2Backbone(**self.settings["features"], **shared, name="features")
        hub = DFineBackbone(
            backbone=features,
            **self.settings["network"],
            **shared,
            num_labels=self.settings["num_classes"],
            num_denoising=0,
            anchor_image_size=shape[:2],
            dtype="float32",
        )
        for layer in hub._flatten_layers():
            if isinstance(layer, keras.layers.Conv2D) and layer.groups == layer.filters > 1:
                # Keras sends it through XLA, which takes minutes to compile on a CPU.
                layer.convolution_op = functools.partial(_depthwise, layer)
        return hub


def _part(layers: Layers, queries: slice) -> Layers:
    scores, boxes, edges, references = layers
    return Layers(scores[:, :, queries], boxes[:, :, queries], edges[:, :, queries], references[:, queries])


def _depthwise(layer: Any, features: Any, kernel: Any) -> Any:
    """What a convolution computes that has a group for each channel."""
    return ops.depthwise_conv(
        features,
        ops.transpose(kernel, (0, 1, 3, 2)),
        strides=layer.strides,
        padding=layer.padding,
        dilation_rate=layer.dilation_rate,
        data_format=layer.data_format,
    )


@keras.saving.register_keras_serializable("ModelGardener")
class DFineDetector(BoxDetector):
    """A detector around a `DFineNetwork`, which is its layer `d_fine`.

    Its outputs are `boxes`, float32 (B, queries, 4) in pixels, and `scores`, float32 (B, queries, classes) logits; and,
    for learning, what the layers of the decoder and its beginning predicted. The loss is that of the paper (Peng et al.
    2024, https://arxiv.org/abs/2410.13842): varifocal loss of the scores, distance and generalized overlap of the
    boxes, fine-grained localization and distillation of their edges, at every layer of the decoder and for noisy
    objects. KerasHub's own takes padding for objects, and its matching takes a second for each picture.
    """

    def compile(self, *arguments: Any, **options: Any) -> None:
        """As `keras.Model.compile`, but without XLA, which cannot compile the matching.

        Raises:
            ConfigError: XLA is asked for.
        """
        self.supports_jit = False
        if options.get("jit_compile") is True:
            raise ConfigError((Problem("runtime.xla", "D-FINE matches on the CPU. Set xla to auto or off."),))
        super().compile(*arguments, **options)

    def compute_loss(
        self,
        x: Any = None,  # noqa: ARG002
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Loss per object of a batch, summed over all parts."""
        network = self.get_layer(NETWORK)
        height, width = network.image_shape[:2]
        truth = truth_of(y, y_pred["scores"].shape[-1], width, height)
        loss = sum(self.losses, 0.0)
        if training and network.denoising is not None:
            noisy = network.denoising(truth)
            of_noise, layers = network.with_noise(y_pred, noisy)
            same = ops.repeat(noisy.matched[:, None], of_noise.scores.shape[1], axis=1)
            counted = noisy.counted
            loss += layers_loss(of_noise, same, noisy.matched, truth, network.scale, sample_weight, counted)
        else:
            layers = Layers(*(y_pred[f"layer_{name}"] for name in Layers._fields))
        layers = layers._replace(
            scores=ops.concatenate([layers.scores, y_pred["encoder_scores"][:, None]], axis=1),
            boxes=ops.concatenate([layers.boxes, y_pred["encoder_boxes"][:, None]], axis=1),
        )
        matched = match(matching_costs(layers.scores, layers.boxes, truth), truth.is_object)
        return loss + layers_loss(layers, matched, most_matched(matched), truth, network.scale, sample_weight)

    def candidates(self, outputs: Any) -> tuple[Any, Any]:
        """See `BoxDetector.candidates`."""
        return outputs["boxes"], ops.sigmoid(outputs["scores"])

    def predict_step(self, data: Any) -> dict[str, Any]:
        """The outputs that boxes are made from; the others are large."""
        outputs = super().predict_step(data)
        return {name: outputs[name] for name in ("boxes", "scores")}
