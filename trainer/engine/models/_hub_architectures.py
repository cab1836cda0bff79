"""Sizes of KerasHub's backbones, as their papers and KerasHub's presets have them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class HubArchitecture:
    """How to build a backbone.

    Attributes:
        backbone: Class in `keras_hub.models`.
        arguments: Of its constructor, without the shape of the pictures.
        multiple: What height and width have to be a multiple of; 0 where that is the size of the patches.
        square: Whether it takes square pictures only.
        least_side: The smallest height and width in pixels that it takes padded pictures of.
    """

    backbone: str
    arguments: dict[str, Any] = field(default_factory=dict)
    multiple: int = 1
    square: bool = False
    least_side: int = 1


_WIDTHS: dict[str, dict[str, int]] = {
    "tiny": {"hidden_dim": 192, "num_heads": 3},
    "small": {"hidden_dim": 384, "num_heads": 6},
    "base": {"hidden_dim": 768, "num_heads": 12},
}
"""Of vision transformers with 12 layers."""
_MIT_DEPTHS = {"b0": (2, 2, 2, 2), "b1": (2, 2, 2, 2), "b2": (3, 4, 6, 3), "b3": (3, 4, 18, 3), "b5": (3, 6, 40, 3)}


def mit(size: str) -> HubArchitecture:
    """The Mix Transformer of SegFormer; `size` is one of b0, b1, b2, b3 and b5."""
    arguments = {
        "layerwise_depths": list(_MIT_DEPTHS[size]),
        "num_layers": 4,
        "layerwise_num_heads": [1, 2, 5, 8],
        "layerwise_sr_ratios": [8, 4, 2, 1],
        "layerwise_patch_sizes": [7, 3, 3, 3],
        "layerwise_strides": [4, 2, 2, 2],
        "hidden_dims": [32, 64, 160, 256] if size == "b0" else [64, 128, 320, 512],
        "max_drop_path_rate": 0.1,
    }
    # KerasHub takes a last stage of one cell, which sees 32 pixels, for one of unknown size.
    return HubArchitecture("MiTBackbone", arguments, multiple=32, square=True, least_side=64)


def resnet(depth: int) -> HubArchitecture:
    """ResNet of 18, 34, 50 or 101 layers."""
    blocks = {18: [2, 2, 2, 2], 34: [3, 4, 6, 3], 50: [3, 4, 6, 3], 101: [3, 4, 23, 3]}
    arguments = {
        "input_conv_filters": [64],
        "input_conv_kernel_sizes": [7],
        "stackwise_num_filters": [64, 128, 256, 512],
        "stackwise_num_blocks": blocks[depth],
        "stackwise_num_strides": [1, 2, 2, 2],
        "block_type": "basic_block" if depth < 50 else "bottleneck_block",
    }
    return HubArchitecture("ResNetBackbone", arguments, multiple=32)


def _transformer(backbone: str, size: str, mlp_name: str, patch_size: int = 16, **more: Any) -> HubArchitecture:
    width = _WIDTHS[size]
    arguments = {"num_layers": 12, "patch_size": patch_size, mlp_name: 4 * width["hidden_dim"], **width, **more}
    # DINOv2 refuses others, DINOv3 computes a wrong shape of them.
    is_square = backbone in ("DINOV2Backbone", "DINOV3Backbone")
    return HubArchitecture(backbone, arguments, multiple=0, square=is_square)


def _swin(embed_dim: int, third_stage: int, num_heads: tuple[int, ...]) -> HubArchitecture:
    depths = (2, 2, third_stage, 2)
    arguments = {"embed_dim": embed_dim, "depths": depths, "num_heads": num_heads, "window_size": 7}
    return HubArchitecture("SwinTransformerBackbone", arguments, multiple=32)


_HGNET_B0 = HubArchitecture(
    "HGNetV2Backbone",
    {
        "stem_channels": [3, 16, 16],
        "stackwise_stage_filters": [
            [16, 16, 64, 1, 3, 3],
            [64, 32, 256, 1, 3, 3],
            [256, 64, 512, 2, 3, 5],
            [512, 128, 1024, 1, 3, 5],
        ],
        "apply_downsample": [False, True, True, True],
        "use_lightweight_conv_block": [False, False, True, True],
        "embedding_size": 16,
        "hidden_sizes": [64, 256, 512, 1024],
        "depths": [1, 1, 2, 1],
        "hidden_act": "relu",
        "use_learnable_affine_block": True,
    },
)
_MOBILENET_V3_SMALL = HubArchitecture(
    "MobileNetBackbone",
    {
        "stackwise_num_blocks": [2, 3, 2, 3],
        "stackwise_expansion": [[72, 88], [96, 240, 240], [120, 144], [288, 576, 576]],
        "stackwise_num_filters": [[24, 24], [40, 40, 40], [48, 48], [96, 96, 96]],
        "stackwise_kernel_size": [[3, 3], [5, 5, 5], [5, 5], [5, 5, 5]],
        "stackwise_num_strides": [[2, 1], [2, 1, 1], [1, 1], [2, 1, 1]],
        "stackwise_se_ratio": [[None, None], [0.25] * 3, [0.25] * 2, [0.25] * 3],
        "stackwise_activation": [["relu"] * 2, ["hard_swish"] * 3, ["hard_swish"] * 2, ["hard_swish"] * 3],
        "stackwise_padding": [[1, 1], [2, 2, 2], [2, 2], [2, 2, 2]],
        "output_num_filters": 1024,
        "depthwise_filters": 16,
        "depthwise_stride": 2,
        "depthwise_residual": False,
        "squeeze_and_excite": 0.5,
        "last_layer_filter": 576,
    },
)
_EFFICIENTNET_B0 = HubArchitecture(
    "EfficientNetBackbone",
    {
        "stackwise_width_coefficients": [1.0] * 7,
        "stackwise_depth_coefficients": [1.0] * 7,
        "stackwise_squeeze_and_excite_ratios": [0.25] * 7,
        "stackwise_kernel_sizes": [3, 3, 5, 3, 5, 5, 3],
        "stackwise_num_repeats": [1, 2, 2, 3, 3, 4, 1],
        "stackwise_input_filters": [32, 16, 24, 40, 80, 112, 192],
        "stackwise_output_filters": [16, 24, 40, 80, 112, 192, 320],
        "stackwise_expansion_ratios": [1, 6, 6, 6, 6, 6, 6],
        "stackwise_strides": [1, 2, 2, 2, 1, 2, 1],
        "stackwise_block_types": ["v1"] * 7,
    },
)
_CSP_DARKNET_53 = HubArchitecture(
    "CSPNetBackbone",
    {
        "stem_filters": 32,
        "stem_kernel_size": 3,
        "stem_strides": 1,
        "stackwise_depth": [1, 2, 8, 8, 4],
        "stackwise_num_filters": [64, 128, 256, 512, 1024],
        "stackwise_strides": [2, 2, 2, 2, 2],
        "bottle_ratio": [0.5, 1.0],
        "block_ratio": [1.0, 0.5],
        "expand_ratio": [2.0, 1.0],
        "stem_padding": "same",
        "stage_type": "csp",
        "block_type": "dark_block",
        "down_growth": True,
    },
)
HUB_ARCHITECTURES: dict[str, HubArchitecture] = {
    **{f"vit_{size}": _transformer("ViTBackbone", size, "mlp_dim", use_class_token=False) for size in _WIDTHS},
    **{f"deit_{size}": _transformer("DeiTBackbone", size, "intermediate_dim") for size in _WIDTHS},
    "dinov2_small": _transformer("DINOV2Backbone", "small", "intermediate_dim", 14, use_mask_token=False),
    "dinov3_small": _transformer("DINOV3Backbone", "small", "intermediate_dim", use_mask_token=False),
    "swin_tiny": _swin(96, 6, (3, 6, 12, 24)),
    "swin_small": _swin(96, 18, (3, 6, 12, 24)),
    "swin_base": _swin(128, 18, (4, 8, 16, 32)),
    "mit_b0": mit("b0"),
    "mit_b2": mit("b2"),
    "mobilenet_v3_small": _MOBILENET_V3_SMALL,
    "efficientnet_b0": _EFFICIENTNET_B0,
    "hgnetv2_b0": _HGNET_B0,
    "csp_darknet_53": _CSP_DARKNET_53,
    "resnet_18": resnet(18),
    "resnet_34": resnet(34),
}
