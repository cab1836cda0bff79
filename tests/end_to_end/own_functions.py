"""What a person loads in `test_ten_kinds.py`: an example of every kind, and the functions of the documents."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Own:
    """A function or class, its arguments with default and tooltip, and the one that a person changes.

    `key` is where it is chosen, `place` the row it then has; they differ for lists.
    """

    key: str
    file: str
    name: str
    arguments: dict[str, tuple[Any, str]]
    change: tuple[str, Any] | None = None
    index: int | None = None
    further: dict[str, Any] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Key of its row."""
        return self.key if self.index is None else f"{self.key}.{self.index}"


TOGETHER = (
    Own(
        "data.preprocessing",
        "preprocessing.py",
        "gray_world",
        {"strength": (1.0, "1 takes the whole tint out")},
        ("strength", 0.5),
        index=0,
    ),
    Own(
        "data.augmentation.steps",
        "augmentations.py",
        "cutout",
        {"side_fraction": (0.25, "a share of the picture"), "probability": (1.0, "drawn for each picture")},
        ("side_fraction", 0.4),
        index=0,
    ),
    Own(
        "model.architecture",
        "models.py",
        "wide_cnn",
        {
            "width": (32, "Filters of the first convolution"),
            "activation": ("relu", "one of relu, swish, gelu"),
            "dropout_rate": (0.0, "a number from 0 to 0.9"),
        },
        ("activation", "swish"),
    ),
    Own(
        "training.loss",
        "losses.py",
        "FocalLoss",
        {"gamma": (2.0, "How strongly sure answers are played down"), "alpha": (1.0, "a number from 0 to 1")},
        ("gamma", 1.5),
    ),
    Own(
        "training.metrics",
        "metrics.py",
        "MacroRecall",
        {"name": ("macro_recall", "Name of the figure in the log")},
        ("name", "mean_recall"),
        index=0,
    ),
    Own(
        "training.optimizer",
        "optimizers.py",
        "steady_sgd",
        {"momentum": (0.9, "Share of the last step"), "nesterov": (True, "Look ahead along the momentum")},
        ("momentum", 0.8),
    ),
    Own(
        "training.learning_rate_schedule",
        "schedules.py",
        "inverse_root",
        {"warmup_steps": (100, "Steps until the highest rate")},
        ("warmup_steps", 3),
    ),
    Own(
        "training.callbacks",
        "callbacks.py",
        "BatchTimes",
        {"num_slowest": (3, "How many of the slowest batches")},
        ("num_slowest", 1),
        index=0,
    ),
)
LOADER_AND_LOOP = (
    Own(
        "data.loader",
        "loaders.py",
        "balanced_folder",
        {"side": (64, "Height and width that pictures are brought to"), "seed": (0, "Start of the random order")},
        ("side", 24),
    ),
    Own(
        "training.training_loop",
        "training_loops.py",
        "gradient_tape_loop",
        {"weight_penalty": (0.0, "Factor on the sum of the squared weights")},
        ("weight_penalty", 0.0001),
    ),
)
DOCUMENT = '''
    import keras
    import tensorflow as tf


    def create_dataset(data_dir):
        return keras.utils.image_dataset_from_directory(
            data_dir, image_size=(16, 16), batch_size=None, label_mode="categorical", seed=1
        )


    def my_custom_loader(data_dir, batch_size=32, **kwargs):
        # Your custom data loading logic
        dataset = create_dataset(data_dir)
        return dataset.batch(batch_size)


    def create_model(input_shape, num_classes, dropout_rate=0.5, activation="relu"):
        print("made with", dropout_rate, activation)
        return keras.Sequential([
            keras.Input(input_shape),
            keras.layers.Conv2D(4, 3, activation=activation),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dropout(dropout_rate),
            keras.layers.Dense(num_classes, activation="softmax"),
        ])


    def create_custom_model(input_shape, num_classes, **kwargs):
        # Your custom model architecture
        model = create_model(input_shape, num_classes, **kwargs)
        return model


    def train_step(model, train_dataset):
        for images, labels in train_dataset:
            with tf.GradientTape() as tape:
                loss = model.compute_loss(images, labels, model(images, training=True))
            weights = model.trainable_variables
            model.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))


    def validate_step(model, val_dataset):
        print("validated", model.evaluate(val_dataset, verbose=0))


    def custom_training_loop(model, train_dataset, val_dataset, epochs, callbacks, **kwargs):
        # Your custom training logic
        for epoch in range(epochs):
            train_step(model, train_dataset)
            validate_step(model, val_dataset)


    class BalancedCrossEntropyLoss(keras.losses.Loss):
        """Crossentropy that counts hard pictures more.

        Args:
            focal_gamma: How much easy pictures are played down.
            label_smoothing: Share of each label spread over all classes.
        """

        def __init__(self, focal_gamma: float = 2.0, label_smoothing: float = 0.0):
            super().__init__(name="balanced")
            self.focal = keras.losses.CategoricalFocalCrossentropy(
                gamma=focal_gamma, label_smoothing=label_smoothing
            )

        def call(self, y_true, y_pred):
            return self.focal(y_true, y_pred)


    class TrainingMonitor(keras.callbacks.Callback):
        """Prints the figures of every epoch.

        Args:
            title: What stands before them.
        """

        def __init__(self, title: str = "monitor"):
            super().__init__()
            self.title = title

        def on_epoch_end(self, epoch, logs=None):
            print(self.title, sorted(logs or {}))
'''
"""The three functions that document 1 prints, with what it only names filled in; a loss and a monitor as document 3
names them."""
OF_DOCUMENT = (
    Own("data.loader", "document.py", "my_custom_loader", {}),
    Own(
        "model.architecture",
        "document.py",
        "create_custom_model",
        {},
        further={"dropout_rate": 0.3, "activation": "swish"},
    ),
    Own("training.training_loop", "document.py", "custom_training_loop", {}),
    Own(
        "training.loss",
        "document.py",
        "BalancedCrossEntropyLoss",
        {
            "focal_gamma": (2.0, "How much easy pictures are played down."),
            "label_smoothing": (0.0, "Share of each label spread over all classes."),
        },
        ("focal_gamma", 1.0),
    ),
    Own(
        "training.callbacks",
        "document.py",
        "TrainingMonitor",
        {"title": ("monitor", "What stands before them.")},
        ("title", "seen"),
        index=0,
    ),
)
