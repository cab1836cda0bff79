"""The words in which the two PyTorch trainers write what our settings mean; a dot leads into a group of theirs."""

from __future__ import annotations

GROUPS = (
    "optimizer",
    "scheduler",
    "augmentation.color_jitter",
    "augmentation",
    "preprocessing",
    "validation",
    "class_weighting",
    "early_stopping",
    "checkpointing",
)
_MODEL = ("model", "model_architecture", "architecture", "num_classes", "input_size", "image_size", "pretrained")
_OPTIMIZER = ("optimizer", "optimizer_type", "optimizer.type", "learning_rate", "weight_decay", "momentum", "betas")
_OPTIMIZER_GROUP = ("optimizer.weight_decay", "optimizer.momentum", "optimizer.betas", "optimizer.amsgrad", "amsgrad")
_SCHEDULE = ("scheduler", "lr_scheduler", "scheduler_type", "scheduler.type")
_SCHEDULE_ARGUMENTS = ("step_size", "gamma", "warmup_epochs", "min_lr")
_DATA = ("batch_size", "num_workers", "train_ratio", "val_ratio", "test_ratio", "normalize")
_PREPROCESSING = ("normalize", "mean", "std", "resize_method")
_AUGMENTATION = (
    "enabled",
    "random_flip",
    "random_rotation",
    "random_crop",
    "resize_scale",
    "color_jitter",
    "color_jitter.brightness",
    "color_jitter.contrast",
    "color_jitter.saturation",
    "color_jitter.hue",
    "random_grayscale",
    "gaussian_blur",
    "mixup_alpha",
    "cutmix_alpha",
    "auto_augment",
)
_TRAINING = (
    "epochs",
    "mixed_precision",
    "gradient_accumulation_steps",
    "max_train_batches",
    "gradient_clipping",
    "label_smoothing",
    "dropout_rate",
    "class_weighting",
    "class_weighting.enabled",
    "class_weighting.strategy",
    "early_stopping",
    "early_stopping_patience",
    "early_stopping.enabled",
    "early_stopping.patience",
    "early_stopping.min_delta",
    "early_stopping.monitor",
    "early_stopping.mode",
    "checkpointing.save_best",
    "checkpointing.save_last",
    "checkpointing.monitor",
    "validation.enabled",
    "validation.val_split",
    "validation.val_interval",
    "validation.save_best_only",
    "validation.metric",
    "test_time_augmentation",
    "ensemble_training",
    "attention_layers",
    "description",
)

WORDS: tuple[str, ...] = (
    *_MODEL,
    *_OPTIMIZER,
    *_OPTIMIZER_GROUP,
    *_SCHEDULE,
    *_SCHEDULE_ARGUMENTS,
    *(f"scheduler.{name}" for name in _SCHEDULE_ARGUMENTS),
    *_DATA,
    *(f"preprocessing.{name}" for name in _PREPROCESSING),
    "augmentation",
    "data_augmentation",
    "use_mixup",
    "mixup_alpha",
    "cutmix_alpha",
    *(f"augmentation.{name}" for name in _AUGMENTATION),
    *_TRAINING,
)
"""Every word, in the order in which it is looked for."""
SHARED_WORDS = frozenset({"model.architecture", "training.optimizer"})
"""Keys that are settings of ours too, whose texts may be names of theirs."""
