"""`preview`: a sheet of samples as they are stored, preprocessed and augmented."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from trainer.catalog.check import check_config
from trainer.cli import EXIT_OK, add_settings_option
from trainer.cli.inspecting import load_with_settings, located, with_lines
from trainer.cli.rates import engine
from trainer.config.config import Config
from trainer.config.document import LoadedConfig
from trainer.data.contact_sheet import contact_sheet
from trainer.errors import ConfigError, DataError


def add_commands(commands: Any) -> None:
    """Add the command to the parser."""
    preview = commands.add_parser("preview", help="draw samples as they are stored, preprocessed and augmented")
    preview.add_argument("config", type=Path, metavar="CONFIG")
    preview.add_argument("--out", type=Path, required=True, metavar="FILE.png", help="picture to write")
    preview.add_argument("--num", type=int, default=16, metavar="COUNT", help="samples (default: %(default)s)")
    preview.add_argument("--part", choices=("train", "validation", "test"), default="train", help="default: train")
    preview.add_argument("--samples", nargs="+", default=[], metavar="NAME", help="these samples, instead of some")
    preview.add_argument(
        "--augmented",
        type=int,
        nargs="?",
        const=4,
        default=2,
        metavar="COUNT",
        help="augmented variants of each training sample (default: 2; without COUNT: 4; 0: none)",
    )
    preview.add_argument("--seed", type=int, default=0, help="another seed draws other samples and other variants")
    preview.add_argument("--side", type=int, default=192, metavar="PIXELS", help="size of each picture in the sheet")
    preview.add_argument("--json", action="store_true", help="print what is where in the sheet as JSON")
    add_settings_option(preview)
    preview.set_defaults(run=_preview)


def _preview(options: argparse.Namespace) -> int:
    """What is said on the way goes to standard error; the result alone to standard output."""
    for name, low, high in (("num", 1, 400), ("augmented", 0, 32), ("side", 16, 2048)):
        if not low <= getattr(options, name) <= high:
            raise DataError(f"--{name} must be from {low} to {high}, received {getattr(options, name)}.")
    loaded = load_with_settings(options.config, options.settings)
    config = loaded.require(options.config)
    _refuse_bad_data_settings(config, options.config, loaded)
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"  # a GPU may be busy training, and TensorFlow would take its memory
    scratch_dir = Path(tempfile.mkdtemp(prefix="modelgardener-"))
    answer = sys.stdout
    try:
        with engine(), located(loaded, options.config):
            from trainer.engine.preview import PreviewRequest, preview_samples
            from trainer.engine.quiet_output import QuietOutput

            num_samples = len(options.samples) or options.num
            request = PreviewRequest(
                options.part, tuple(options.samples), num_samples, options.augmented, options.seed, options.json
            )
            output = QuietOutput(scratch_dir / "events.jsonl", lambda text: print(f"warning: {text}", file=sys.stderr))
            shown = preview_samples(config, options.config.absolute().parent, request, scratch_dir, output)
        sheet, cells = contact_sheet(shown.rows, shown.class_names, options.side)
        _save(sheet, options.out)
    finally:
        shutil.rmtree(scratch_dir, ignore_errors=True)
    if options.json:
        told = {
            "file": str(options.out),
            "is_augmented": shown.is_augmented,
            "augmentation_ms": shown.augmentation_ms,
            "cells": [dataclasses.asdict(cell) for cell in cells],
        }
        print(json.dumps(told), file=answer, flush=True)
    else:
        print(f"Wrote {options.out}: {len(shown.rows)} {options.part} samples.", file=answer, flush=True)
    return EXIT_OK


def _save(sheet: Any, out: Path) -> None:
    try:
        sheet.save(out)
    except (OSError, ValueError) as error:
        raise DataError(f"{out} cannot be written: {error}. Give a file such as preview.png.") from error


def _refuse_bad_data_settings(config: Config, path: Path, loaded: LoadedConfig) -> None:
    """Only what concerns the data matters here: a preview needs no model."""
    problems = [
        problem
        for problem in check_config(config, path.absolute().parent)
        if problem.severity == "error" and problem.key.startswith(("data", "project"))
    ]
    if problems:
        raise ConfigError(with_lines(tuple(problems), loaded), path)
