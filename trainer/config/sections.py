"""The sections of a configuration. Every setting of ModelGardener is declared here and only here."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from trainer.config.component import Component
from trainer.config.fields import Section, setting

Side = Annotated[int, Field(ge=1, le=8192)]
Mode = Literal["auto", "min", "max"]

_MONITOR = (
    "Name of the figure to watch, as it appears in the log: val_loss, val_accuracy, loss … "
    "'auto' watches val_loss, or loss where there is no validation data."
)
_MODE = (
    "Whether lower (min) or higher (max) is better. 'auto' decides from the name: loss and errors down, the rest up."
)


class ProjectSection(Section):
    """What is being trained, and for which task."""

    name: str = setting(
        "untitled", "Name", "A name for this project, shown in lists and in the window's title.", min_length=1
    )
    task: Literal["image_classification"] = setting(
        "image_classification",
        "Task",
        "What the network learns. Image classification gives each picture one class. "
        "The task decides the default loss, metrics and output of the model.",
    )


class AugmentationSection(Section):
    """Random changes to training pictures, fresh in every epoch. Validation pictures are never changed."""

    horizontal_flip: bool = setting(
        False,
        "Flip left–right",
        "Mirror half of the pictures. Leave off where left and right mean something, as in digits.",
    )
    vertical_flip: bool = setting(
        False, "Flip top–bottom", "Turn half of the pictures upside down. Suits views from above and microscopy."
    )
    rotation_degrees: float = setting(
        0.0, "Rotation", "Turn by a random angle of up to this many degrees either way.", unit="°", ge=0, le=180
    )
    zoom_fraction: float = setting(
        0.0, "Zoom", "Zoom in or out by a random factor of up to this fraction; 0.1 means 90 to 110 %.", ge=0, le=0.9
    )
    translation_fraction: float = setting(
        0.0, "Shift", "Move by up to this fraction of the width and the height.", ge=0, le=0.9
    )
    contrast_fraction: float = setting(
        0.0, "Contrast", "Change the contrast by a random factor of up to this fraction.", ge=0, le=1
    )
    brightness_fraction: float = setting(
        0.0, "Brightness", "Lighten or darken by up to this fraction of the full range.", ge=0, le=1
    )
    steps: tuple[Component, ...] = setting(
        (),
        "Further steps",
        "Keras augmentation layers, or your own functions, applied in this order after the changes above.",
        component="augmentation",
        advanced=True,
    )


class DataSection(Section):
    """Where the pictures are and how they reach the network."""

    train_dir: str = setting(
        "",
        "Training folder",
        "Folder with one sub-folder of pictures per class; the sub-folder's name is the class.",
        picker="folder",
    )
    val_dir: str | None = setting(
        None,
        "Validation folder",
        "Folder of the same layout with pictures to validate on. Empty: a part of the training folder is held out.",
        picker="folder",
    )
    test_dir: str | None = setting(
        None,
        "Test folder",
        "Folder of the same layout that is looked at once, after training, to report the final figures.",
        picker="folder",
        advanced=True,
    )
    validation_fraction: float = setting(
        0.2,
        "Validation share",
        "Share of the training pictures held out for validation when there is no validation folder; "
        "every class gives the same share. 0 trains without validation.",
        ge=0,
        lt=1,
    )
    loader: Component = setting(
        Component(name="ImageDataLoader"), "Loader", "What reads the data.", component="loader", advanced=True
    )
    image_size: tuple[Side, Side] = setting(
        (32, 32),
        "Image size",
        "Height and width that every picture is brought to. Larger shows more detail and costs time and memory "
        "with the square.",
        unit="px",
    )
    color_mode: Literal["rgb", "grayscale", "rgba"] = setting(
        "rgb", "Colours", "Channels that pictures are read with: rgb gives 3, grayscale 1, rgba 4."
    )
    resize_mode: Literal["stretch", "crop", "pad"] = setting(
        "stretch",
        "Fit to size by",
        "stretch ignores proportions; crop keeps them and cuts what sticks out; pad keeps them and fills up with "
        "black.",
    )
    interpolation: Literal["bilinear", "bicubic", "nearest"] = setting(
        "bilinear",
        "Interpolation",
        "How new pixels are computed when resizing. nearest keeps exact values, as needed for drawings with few "
        "colours.",
        advanced=True,
    )
    normalization: Literal["auto", "zero_to_one", "minus_one_to_one", "imagenet", "none"] = setting(
        "auto",
        "Normalization",
        "How pixel values 0–255 are scaled inside the model. auto takes what the chosen model expects; "
        "imagenet subtracts ImageNet's mean and divides by its standard deviation.",
    )
    preprocessing: tuple[Component, ...] = setting(
        (),
        "Preprocessing",
        "Keras preprocessing layers, or your own functions, applied in this order to every picture before the network "
        "sees it: in training, validation and testing alike.",
        component="preprocessing",
        advanced=True,
    )
    batch_size: int = setting(
        32,
        "Batch size",
        "Pictures per training step. Larger is faster on a GPU and needs more memory; 16 to 128 suits most.",
        unit="images",
        ge=1,
        le=65536,
    )
    shuffle: bool = setting(
        True,
        "Shuffle",
        "Draw a new order of all training pictures in every epoch. The order follows from the seed.",
        advanced=True,
    )
    cache: Literal["auto", "off", "memory", "disk"] = setting(
        "auto",
        "Keep decoded pictures",
        "memory and disk decode every picture once and reuse it in later epochs. "
        "auto compares the decoded size with the free memory and disk, and says what it chose in the log.",
        advanced=True,
    )
    max_unreadable_fraction: float = setting(
        0.05,
        "Tolerated unreadable share",
        "Unreadable pictures are named in the log and left out; if more than this share is unreadable, training "
        "is refused.",
        ge=0,
        le=1,
        advanced=True,
    )
    augmentation: AugmentationSection = setting(
        AugmentationSection(), "Augmentation", "Random changes to training pictures, fresh in every epoch."
    )


class GradualUnfreezingSection(Section):
    """Frees a frozen backbone bit by bit, from the output towards the input."""

    enabled: bool = setting(
        False,
        "Gradual unfreezing",
        "Start with only the new output layers learning, then free the backbone's layers group by group, those "
        "nearest to the output first.",
    )
    first_epoch: int = setting(
        2, "First at epoch", "Epoch in which the first group starts to learn.", unit="epochs", ge=2
    )
    every_epochs: int = setting(1, "Next after", "Epochs between one group and the next.", unit="epochs", ge=1)
    num_groups: int = setting(
        4,
        "Groups",
        "Into how many groups of equal size the backbone's layers are divided.",
        unit="groups",
        ge=1,
        le=1000,
    )


class ModelSection(Section):
    """The network."""

    architecture: Component = setting(
        Component(name="SmallCNN"),
        "Model",
        "The network to train: SmallCNN trains in a minute on a CPU; the others are the families of "
        "keras.applications.",
        component="model",
    )
    pretrained: bool = setting(
        False,
        "Pretrained on ImageNet",
        "Start from weights learned on ImageNet instead of random ones. They are downloaded on first use. Only "
        "for keras.applications models.",
    )
    trainable_backbone: bool = setting(
        True,
        "Train the backbone",
        "Off: only the new output layers learn and the rest keeps its weights. Useful with pretrained weights and "
        "little data.",
    )
    frozen_layers: str = setting(
        "",
        "Frozen layers",
        "Layers that keep their weights: names or patterns such as conv1_*, separated by commas.",
        advanced=True,
    )
    gradual_unfreezing: GradualUnfreezingSection = setting(
        GradualUnfreezingSection(),
        "Gradual unfreezing",
        "Frees a frozen backbone bit by bit, from the output towards the input.",
        advanced=True,
    )
    initial_weights: str | None = setting(
        None,
        "Initial weights",
        "Start from the weights of another training: a run's folder, a .keras or a .weights.h5 file. Layers that fit "
        "by name and shape are taken, the others keep their random start; the log says which.",
        picker="file",
        advanced=True,
    )
    pooling: Literal["average", "max"] = setting(
        "average",
        "Pooling",
        "How the backbone's feature map becomes one vector before the output layer.",
        advanced=True,
    )
    dropout_rate: float = setting(
        0.2,
        "Dropout rate",
        "Share of features dropped at random before the output layer while training, against overfitting.",
        ge=0,
        lt=1,
    )


class EarlyStoppingSection(Section):
    """Ends training when the watched figure no longer improves."""

    enabled: bool = setting(False, "Stop early", "End training when the watched figure has not improved for a while.")
    monitor: str = setting("auto", "Watch", _MONITOR, min_length=1)
    mode: Mode = setting("auto", "Better is", _MODE, advanced=True)
    patience: int = setting(10, "Patience", "Epochs without improvement before training ends.", unit="epochs", ge=0)
    min_delta: float = setting(
        0.0, "Least improvement", "Smaller changes do not count as improvement.", ge=0, advanced=True
    )
    restore_best_weights: bool = setting(
        True,
        "Restore the best weights",
        "Give the final model the weights of its best epoch instead of its last; what is best is decided under "
        "Checkpoints.",
    )


class PlateauSection(Section):
    """Lowers the learning rate when the watched figure no longer improves."""

    enabled: bool = setting(
        False,
        "Reduce on plateau",
        "Multiply the learning rate by a factor when the watched figure has not improved for a while.",
    )
    monitor: str = setting("auto", "Watch", _MONITOR, min_length=1)
    mode: Mode = setting("auto", "Better is", _MODE, advanced=True)
    factor: float = setting(0.5, "Factor", "The learning rate is multiplied by this.", gt=0, lt=1)
    patience: int = setting(
        5, "Patience", "Epochs without improvement before the rate is lowered.", unit="epochs", ge=1
    )
    cooldown: int = setting(
        0, "Cool-down", "Epochs to wait after lowering before watching again.", unit="epochs", ge=0, advanced=True
    )
    min_delta: float = setting(
        0.0001, "Least improvement", "Smaller changes do not count as improvement.", ge=0, advanced=True
    )
    min_learning_rate: float = setting(0.0, "Lowest rate", "The rate is never lowered below this.", ge=0, advanced=True)


class GradientClippingSection(Section):
    """Limits the size of gradients, against steps that tear the weights apart."""

    enabled: bool = setting(False, "Clip gradients", "Limit the size of gradients before they become a step.")
    method: Literal["global_norm", "norm", "value"] = setting(
        "global_norm",
        "Limit",
        "global_norm scales all gradients together and keeps their direction; norm scales each variable's gradient by "
        "itself; value cuts off every single number.",
    )
    limit: float = setting(1.0, "At most", "The largest norm, or the largest value.", gt=0)


class WeightAveragingSection(Section):
    """Keeps an exponential moving average of the weights."""

    enabled: bool = setting(
        False,
        "Average weights",
        "Keep a moving average of the weights, which often generalises better than the last ones. The final model has "
        "the averaged weights.",
    )
    momentum: float = setting(
        0.99, "Momentum", "How slowly the average follows; 0.99 spans about 100 steps.", ge=0, lt=1
    )
    overwrite_every_steps: int = setting(
        0,
        "Overwrite every",
        "Steps after which the average replaces the weights and training goes on from it. 0: only at the end.",
        unit="steps",
        ge=0,
        advanced=True,
    )


class TrainingSection(Section):
    """How the network learns."""

    epochs: int = setting(
        15, "Epochs", "How many times the network sees all training pictures.", unit="epochs", ge=1, le=1_000_000
    )
    initial_learning_rate: float = setting(
        0.001,
        "Learning rate",
        "Size of each step at the start. Too large diverges, too small crawls; 0.001 suits Adam, 0.01 to 0.1 "
        "suits SGD.",
        gt=0,
        le=100,
    )
    optimizer: Component = setting(
        Component(name="Adam"),
        "Optimizer",
        "The rule that turns gradients into steps. Adam is a safe start.",
        component="optimizer",
    )
    learning_rate_schedule: Component | None = setting(
        None,
        "Learning rate schedule",
        "How the learning rate changes while training, starting from the learning rate above. Empty: it stays.",
        component="schedule",
    )
    weight_decay: float | None = setting(
        None,
        "Weight decay",
        "Pulls weights towards zero at every step, against overfitting; 0.0001 to 0.01 is usual. Empty: what the "
        "optimizer does by itself.",
        ge=0,
        lt=1,
        advanced=True,
    )
    gradient_clipping: GradientClippingSection = setting(
        GradientClippingSection(), "Gradient clipping", "Limits the size of gradients.", advanced=True
    )
    gradient_accumulation_steps: int = setting(
        1,
        "Accumulate gradients over",
        "Batches whose gradients are added up before the weights change: 4 batches of 8 learn like one of 32 in the "
        "memory of 8.",
        unit="batches",
        ge=1,
        le=10_000,
        advanced=True,
    )
    weight_averaging: WeightAveragingSection = setting(
        WeightAveragingSection(),
        "Weight averaging",
        "Keeps an exponential moving average of the weights.",
        advanced=True,
    )
    loss: Component | None = setting(
        None, "Loss", "What training minimises. Empty: the loss that fits the task.", component="loss"
    )
    metrics: tuple[Component, ...] | None = setting(
        None, "Metrics", "Figures reported beside the loss. Empty: those that fit the task.", component="metric"
    )
    label_smoothing: float = setting(
        0.0,
        "Label smoothing",
        "Share of each label that is spread over all classes, so that the network never gets too sure; 0.1 is usual.",
        ge=0,
        lt=1,
        advanced=True,
    )
    outputs: tuple[Component, ...] = setting(
        (),
        "Outputs",
        "For a model with several outputs: the loss, its weight and the metrics of each, by the output's name.",
        component="output",
        advanced=True,
    )
    training_loop: Component | None = setting(
        None,
        "Training loop",
        "Your own function that trains the model. Empty: Keras' fit.",
        component="training_loop",
        advanced=True,
    )
    max_train_batches: int = setting(
        0,
        "Batches per epoch",
        "End every epoch after this many batches, to look at results sooner. 0: all.",
        unit="batches",
        ge=0,
        advanced=True,
    )
    validate_every_epochs: int = setting(
        1, "Validate every", "Epochs from one validation to the next.", unit="epochs", ge=1, advanced=True
    )
    steps_per_execution: int = setting(
        1,
        "Steps per call",
        "Batches that TensorFlow trains on in one go. More is faster where steps take less than a millisecond; "
        "Stop and Pause then wait for that many batches.",
        unit="batches",
        ge=1,
        le=100_000,
        advanced=True,
    )
    early_stopping: EarlyStoppingSection = setting(
        EarlyStoppingSection(), "Early stopping", "Ends training when the watched figure no longer improves."
    )
    reduce_on_plateau: PlateauSection = setting(
        PlateauSection(), "Plateau", "Lowers the learning rate when the watched figure no longer improves."
    )
    stop_on_nan: bool = setting(
        True,
        "Stop at NaN",
        "End the run with a clear reason as soon as the loss is not a finite number.",
        advanced=True,
    )
    callbacks: tuple[Component, ...] = setting(
        (), "Callbacks", "Further Keras callbacks, built in or your own.", component="callback", advanced=True
    )


class CheckpointsSection(Section):
    """What is saved while training, so that no work is lost."""

    monitor: str = setting("auto", "Best by", _MONITOR, min_length=1)
    mode: Mode = setting("auto", "Better is", _MODE, advanced=True)
    last_every_epochs: int = setting(
        1,
        "Save the state every",
        "Complete state from which training continues exactly. 0: only when training stops.",
        unit="epochs",
        ge=0,
        advanced=True,
    )
    keep_every_epochs: int = setting(
        0,
        "Keep a copy every",
        "Besides last and best, keep the state of every n-th epoch. 0 keeps none.",
        unit="epochs",
        ge=0,
        advanced=True,
    )


class RuntimeSection(Section):
    """The machine: randomness, precision, threads."""

    seed: int = setting(
        42,
        "Seed",
        "Start of all randomness: the split, the order of pictures, augmentation and first weights.",
        ge=0,
        le=2**31 - 1,
    )
    deterministic: bool = setting(
        False, "Deterministic", "The same seed gives bit-identical weights; some operations get slower.", advanced=True
    )
    precision: Literal["auto", "float32", "mixed_bfloat16", "mixed_float16"] = setting(
        "auto",
        "Precision",
        "Mixed precision is faster and needs less memory on recent GPUs. auto uses it there and keeps float32 on "
        "a CPU, where it would be slower.",
        advanced=True,
    )
    backend: Literal["tensorflow", "jax"] = setting(
        "tensorflow",
        "Backend",
        "What Keras computes with. TensorFlow is always there; JAX where it is installed.",
        advanced=True,
    )
    strategy: Literal["auto", "none", "mirrored"] = setting(
        "auto",
        "Distribution",
        "mirrored trains copies of the network on several devices at once, each on a part of every batch. auto does so "
        "where there is more than one GPU.",
        advanced=True,
    )
    devices: str = setting(
        "",
        "Devices",
        "Which devices to train on, separated by commas, such as GPU:0, GPU:1. Empty: all GPUs, or the CPU. "
        "CPU:0, CPU:1 divides the CPU, to try distribution without GPUs.",
        advanced=True,
    )
    memory_growth: bool = setting(
        True,
        "Grow GPU memory",
        "Take GPU memory as it is needed, so that other programs can use the rest. Off: take all at once.",
        advanced=True,
    )
    xla: Literal["auto", "on", "off"] = setting(
        "auto",
        "XLA",
        "Compile the training step with XLA. auto uses it on GPUs only: on a CPU it is several times slower.",
        advanced=True,
    )
    threads: int = setting(
        0,
        "Threads",
        "CPU threads that TensorFlow uses. 0 lets it use all.",
        unit="threads",
        ge=0,
        le=1024,
        advanced=True,
    )


class OutputSection(Section):
    """Where runs go and what they write."""

    runs_dir: str = setting(
        "runs",
        "Runs folder",
        "Every run gets a folder of its own in here: exp1, exp2 and so on.",
        picker="folder",
        min_length=1,
    )
    tensorboard: bool = setting(True, "TensorBoard", "Also write event files that TensorBoard can show.", advanced=True)
