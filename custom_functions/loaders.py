"""Loaders of your own.

A loader gets a folder and returns batches: a `tf.data.Dataset`, a `keras.utils.PyDataset`, a pair of arrays, or a pair
(training, validation) of datasets. It is called once per folder: `data.train_dir`, and `data.val_dir` if there is one.

In the configuration:

    data:
      loader: {file: custom_functions/loaders.py, name: balanced_folder, arguments: {side: 96}}
"""

from pathlib import Path
from typing import Annotated

import numpy as np
import tensorflow as tf

_ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".gif")


def balanced_folder(
    data_dir: str,
    batch_size: int = 32,
    side: Annotated[int, "8..2048", "unit: px"] = 64,
    seed: Annotated[int, "min 0", "advanced"] = 0,
    **kwargs,
):
    """Pictures in one folder per class, with those of rare classes repeated until all classes have as many.

    Args:
        data_dir: Folder with one sub-folder per class.
        batch_size: Pictures per batch.
        side: Height and width that pictures are brought to.
        seed: Start of the random order.
    """
    folders = sorted(folder for folder in Path(data_dir).iterdir() if folder.is_dir())
    files = [[str(path) for path in sorted(folder.iterdir()) if path.suffix.lower() in _ENDINGS] for folder in folders]
    most = max(len(names) for names in files)
    paths = np.concatenate([np.resize(names, most) for names in files])
    labels = np.repeat(np.arange(len(folders)), most)
    order = np.random.default_rng(seed).permutation(len(paths))

    def decode(path, label):
        image = tf.io.decode_image(tf.io.read_file(path), channels=3, expand_animations=False)
        return tf.image.resize(image, (side, side)), tf.one_hot(label, len(folders))

    dataset = tf.data.Dataset.from_tensor_slices((paths[order], labels[order]))
    dataset = dataset.shuffle(len(paths), seed=seed)
    dataset = dataset.map(decode, num_parallel_calls=tf.data.AUTOTUNE).batch(batch_size).prefetch(2)
    dataset.class_names = [folder.name for folder in folders]
    return dataset


def array_file(data_dir: str, file_name: str = "data.npz", **kwargs):
    """Pictures and labels from a NumPy file: arrays `images` (N, height, width, channels) and `labels` (N,).

    Args:
        data_dir: Folder of the file.
        file_name: Name of the file.
    """
    with np.load(Path(data_dir) / file_name) as arrays:
        return arrays["images"], arrays["labels"]
