"""Settings of a project's name and task, of the machine and of what a run writes."""

from __future__ import annotations

from typing import Literal

from trainer.config.fields import Section, setting
from trainer.config.task import Task


class ProjectSection(Section):
    """What is being trained, and for which task."""

    name: str = setting(
        "untitled", "Name", "A name for this project, shown in lists and in the window's title.", min_length=1
    )
    task: Task = setting(
        "image_classification",
        "Task",
        "What the network learns: classes of pictures (image_classification), of every pixel (image_segmentation), "
        "boxes around objects (object_detection), a class or a number from the columns of a table "
        "(tabular_classification, tabular_regression), or what your own loader and model decide (custom). The task "
        "sets the loss, the metrics and the output of the model unless you choose others.",
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
    backend: Literal["tensorflow", "jax", "torch"] = setting(
        "tensorflow",
        "Backend",
        "What Keras computes with. TensorFlow is always there; JAX and PyTorch (torch) where they are installed.",
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
