"""The data check before the first epoch: what costs next to nothing, and one sentence or a few of what matters most."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from trainer.data.checks import in_order, report_of_parts
from trainer.data.duplicates import Duplicates, find_duplicates
from trainer.data.mask_classes import MOST_MASKS_AT_START, mask_class_problems
from trainer.data.part_samples import PartSamples
from trainer.data.sample_index import DataProblem

MOST_COMPARED = 20_000
"""Samples up to which duplicates are looked for; more take longer than a start may wait."""
_MOST_TOLD = 3
_GRAVE = ("leaking_column", "empty_class")


@dataclass(frozen=True, slots=True)
class StartCheck:
    """What came of it.

    Attributes:
        problems: What was not known before, errors first.
        summary: What makes figures wrong, or a class impossible to learn; empty where nothing does.
        is_cut_short: Whether the search for duplicates was ended before it was complete.
    """

    problems: tuple[DataProblem, ...]
    summary: str
    is_cut_short: bool = False


def check_before_start(
    parts: tuple[PartSamples, ...], known: Sequence[DataProblem], is_cancelled: Callable[[], bool]
) -> StartCheck:
    """Check samples that are divided already. No picture is decoded, but for those of array files.

    Masks are, until every class was seen in them.

    Args:
        parts: The parts as they will be trained and validated on.
        known: Problems that were told before.
        is_cancelled: Asked between samples while duplicates are looked for.
    """
    told, is_cut_short = set(known), False

    def is_to_end() -> bool:
        nonlocal is_cut_short
        is_cut_short = is_cut_short or is_cancelled()
        return is_cut_short

    # Samples that cannot be read are told where they are read.
    found = [item for item in report_of_parts(parts, 0.0).problems if item.kind != "unreadable" and item not in told]
    found += mask_class_problems(parts, MOST_MASKS_AT_START, is_cancelled)
    is_small = sum(part.num_samples for part in parts) <= MOST_COMPARED
    duplicates = find_duplicates(parts, is_to_end) if is_small else Duplicates()
    grave = [item for item in (*known, *found) if item.kind in _GRAVE]
    sentences = [*_of_duplicates(parts, duplicates), *(item.message for item in grave[:_MOST_TOLD])]
    if len(grave) > _MOST_TOLD:
        sentences.append(f"The log has {len(grave) - _MOST_TOLD:,} more of this kind.")
    return StartCheck(in_order([*found, *duplicates.problems]), " ".join(sentences), is_cut_short)


def _of_duplicates(parts: Sequence[PartSamples], duplicates: Duplicates) -> list[str]:
    sentences = []
    for part in parts:
        if count := duplicates.num_across.get(part.name):
            verb = "samples is" if count == 1 else "samples are"
            sentences.append(
                f"{count:,} of {part.num_samples:,} {part.name} {verb} in another part of the data too: the "
                f"{part.name} figures will look better than they are."
            )
    if count := len(duplicates.contradicting):
        verb = "picture is" if count == 1 else "pictures are"
        sentences.append(f"{count:,} {verb} in two classes, of which only one can be right.")
    return sentences
