"""Sizes of D-FINE: those of its authors, with HGNetV2 as they use it, and one for tests and toys."""

from __future__ import annotations

from typing import Any

_STRIDES = (8, 16, 32)
_STAGES = ("stage2", "stage3", "stage4")

# Filters in, inside and out; blocks; layers per block; side of the kernel, for each of the four stages.
_FEATURES: dict[str, tuple[list[int], list[list[int]]]] = {
    "b00": ([3, 8, 8], [[8, 8, 32, 1, 2, 3], [32, 16, 64, 1, 2, 3], [64, 32, 128, 1, 2, 5], [128, 48, 192, 1, 2, 5]]),
    "b0": (
        [3, 16, 16],
        [[16, 16, 64, 1, 3, 3], [64, 32, 256, 1, 3, 3], [256, 64, 512, 2, 3, 5], [512, 128, 1024, 1, 3, 5]],
    ),
    "b2": (
        [3, 24, 32],
        [[32, 32, 96, 1, 4, 3], [96, 64, 384, 1, 4, 3], [384, 128, 768, 3, 4, 5], [768, 256, 1536, 1, 4, 5]],
    ),
    "b4": (
        [3, 32, 48],
        [[48, 48, 128, 1, 6, 3], [128, 96, 512, 1, 6, 3], [512, 192, 1024, 3, 6, 5], [1024, 384, 2048, 1, 6, 5]],
    ),
    "b5": (
        [3, 32, 64],
        [[64, 64, 128, 1, 6, 3], [128, 128, 512, 2, 6, 3], [512, 256, 1024, 5, 6, 5], [1024, 512, 2048, 2, 6, 5]],
    ),
}
# HGNetV2; widths of encoder and of its inner layers; expansion and depth of its blocks; layers of the decoder, width of
# its inner layers and points that it looks at on each level.
_SIZES: dict[str, tuple[str, int, int, float, float, int, int, list[int]]] = {
    "tiny": ("b00", 64, 128, 0.34, 0.34, 2, 128, [4, 4, 4]),
    "nano": ("b0", 128, 512, 0.34, 0.5, 3, 512, [6, 6]),
    "small": ("b0", 256, 1024, 0.5, 0.34, 3, 1024, [3, 6, 3]),
    "medium": ("b2", 256, 1024, 1.0, 0.67, 4, 1024, [3, 6, 3]),
    "large": ("b4", 256, 1024, 1.0, 1.0, 6, 1024, [3, 6, 3]),
    "extra_large": ("b5", 384, 2048, 1.0, 1.0, 6, 1024, [3, 6, 3]),
}
_MOST_DECODER_WIDTH = 256
_WIDE_SCALE = 8.0


def network_of(size: str, num_channels: int) -> tuple[dict[str, Any], dict[str, Any], float | None]:
    """Arguments of KerasHub's HGNetV2 and D-FINE, without those that depend on the data.

    Args:
        size: One of tiny, nano, small, medium, large and extra_large.
        num_channels: Of the pictures.

    Returns:
        Those of the features, those of the network, and what a side of a reference is divided by to measure distances,
        where it is not KerasHub's 4.
    """
    features_name, width, inner, expansion, depth, num_layers, decoder_inner, points = _SIZES[size]
    num_levels = len(points)
    names = list(_STAGES[-num_levels:])
    features = _features(features_name, num_channels, names)
    network = {
        "decoder_in_channels": [width] * num_levels,
        "encoder_hidden_dim": width,
        "encoder_in_channels": features["hidden_sizes"][-num_levels:],
        "encoder_ffn_dim": inner,
        "hidden_expansion": expansion,
        "depth_multiplier": depth,
        "hidden_dim": min(width, _MOST_DECODER_WIDTH),
        "num_decoder_layers": num_layers,
        "decoder_ffn_dim": decoder_inner,
        "decoder_n_points": points,
        "feat_strides": list(_STRIDES[-num_levels:]),
        "num_feature_levels": num_levels,
        "encode_proj_layers": [num_levels - 1],
        "num_encoder_layers": 1,
        "num_attention_heads": 8,
        "decoder_attention_heads": 8,
        "lqe_hidden_dim": 64,
        "num_lqe_layers": 2,
        "eval_idx": -1,
        "learn_initial_query": False,
        "out_features": names,
    }
    return features, network, _WIDE_SCALE if size == "extra_large" else None


def _features(name: str, num_channels: int, out_features: list[str]) -> dict[str, Any]:
    """Arguments of an HGNetV2."""
    stem, stages = _FEATURES[name]
    return {
        "stem_channels": [num_channels, *stem[1:]],
        "stackwise_stage_filters": stages,
        "apply_downsample": [False, True, True, True],
        "use_lightweight_conv_block": [False, False, True, True],
        "depths": [stage[3] for stage in stages],
        "hidden_sizes": [stage[2] for stage in stages],
        "embedding_size": stem[-1],
        "use_learnable_affine_block": name in ("b00", "b0", "b2"),
        "hidden_act": "relu",
        "out_features": out_features,
    }
