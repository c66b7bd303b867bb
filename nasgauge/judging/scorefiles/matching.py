"""Matching of architecture strings with those of the ground truth, in any spelling."""

import ast
import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from nasgauge.core.errors import UserError
from nasgauge.judging.scorefiles.scores import ScoreFile
from nasgauge.spaces import SPACES, Arch, Space, get_space


class Spellings:
    """The architectures of a ground truth, each found under every string that the parser of its space accepts.

    known: their strings. space: None where it is unknown; then strings are compared literally. Strings in the spelling
    of the ground truth are not parsed; only for others the identities of all known architectures are computed, once.
    """

    def __init__(self, known: Iterable[str], space: Space | None) -> None:
        self.space = space
        self._known = dict.fromkeys(known)
        self._by_identity: dict[str, str] | None = None

    @classmethod
    def of_file(cls, archs: pd.Series, space: Space | None, where: str) -> "tuple[Spellings, pd.Series]":
        """The architectures of a ground-truth file in the spelling of the space, and the column in the same spelling.

        archs: its index numbers the rows. Several spellings of one architecture become that of the first. UserError
        names the row of a string that is not an architecture of the space.
        """
        if space is None:
            return cls(archs.unique(), None), archs
        first: dict[str, str] = {}
        given = {
            text: first.setdefault(space.to_str(space.identity(arch)), space.to_str(arch))
            for text, arch in _parsed(archs, space, where).items()
        }
        found = cls(first.values(), space)
        found._by_identity = first
        return found, archs.map(given)

    def __len__(self) -> int:
        return len(self._known)

    def found(self, archs: pd.Series, where: str) -> tuple[dict[str, str], list[str]]:
        """The spelling of the ground truth of strings in other spellings, and the strings without ground truth.

        archs: its index numbers the rows of a file. Several strings of one architecture without ground truth are
        spelled as the first. UserError names the row of a string that is not an architecture of the space.
        """
        foreign = archs[[text not in self._known for text in archs.tolist()]]
        if foreign.empty or self.space is None:
            return {}, list(foreign.unique())
        names: dict[str, str] = {}
        absent: dict[str, str] = {}
        unknown = []
        for text, arch in _parsed(foreign, self.space, where).items():
            spelled = self.space.to_str(arch)
            if spelled in self._known:
                names[text] = spelled
                continue
            identity = self.space.to_str(self.space.identity(arch))
            names[text] = self._identities().get(identity) or absent.setdefault(identity, text)
            if identity in absent:
                unknown.append(text)
        return names, unknown

    def _identities(self) -> dict[str, str]:
        if self._by_identity is None:
            self._by_identity = {}
            for text in self._known:
                self._by_identity.setdefault(self.space.identity_of(text), text)
        return self._by_identity


def matched(
    file: ScoreFile,
    truth: Spellings,
    *,
    unknown: str,
    called: str = "the ground truth",
    left_out: Mapping[str, str] | None = None,
) -> ScoreFile:
    """The scores with their architectures in the spelling of the ground truth.

    unknown: "error" rejects architectures without ground truth; otherwise they are kept, and a note counts them.
    called: name of the ground truth in messages. left_out: why single architectures have no ground truth, where known.

    UserError: such a rejection; a string that is not an architecture of the space; two spellings of one architecture
    with scores of the same estimator and seed.
    """
    archs = pd.Series(file.scores["arch"].to_numpy(), index=file.rows).drop_duplicates()
    names, absent = truth.found(archs, file.where)
    notes = list(file.notes)
    if absent:
        rows = archs.index[archs.isin(absent)]
        which = f"{len(absent):,} of {len(archs):,} architectures"
        why = _why_absent(absent, left_out or {}, truth)
        if unknown == "error":
            raise UserError(
                f"{file.where}: row {rows[0]} scores architecture {archs[rows[0]]!r}, which is not in {called} "
                f"({which}{why}); use the benchmark that the scores were computed for, or drop them with "
                '--unknown drop (in Python, unknown="drop")'
            )
        notes.append(f"{file.where}: {which} are not in {called} and dropped, first row {rows[0]}{why}")
    scores = file.scores
    if names:
        scores = scores.assign(arch=scores["arch"].map(lambda text: names.get(text, text)).astype("str"))
        _refuse_second_spellings(file, scores)
    return replace(file, scores=scores, notes=tuple(notes))


def _refuse_second_spellings(file: ScoreFile, scores: pd.DataFrame) -> None:
    keys = ["estimator", "arch", "seed"]
    repeated = np.flatnonzero(scores.duplicated(keys))
    if len(repeated):
        second = int(repeated[0])
        first = int(np.flatnonzero((scores[keys] == scores[keys].iloc[second]).all(axis=1))[0])
        one, other = (file.scores["arch"].iloc[i] for i in (first, second))
        raise UserError(
            f"{file.where}: row {file.rows[second]} repeats row {file.rows[first]}: {other!r} and {one!r} are one "
            "architecture; keep one of them"
        )


def _why_absent(absent: list[str], left_out: Mapping[str, str], truth: Spellings) -> str:
    """The reasons, as the continuation of the message; empty where none is known."""
    reasons = pd.Series([left_out[text] for text in absent if text in left_out], dtype="str").value_counts()
    found = [f"; {n:,} {reason}" for reason, n in reasons.items()]
    if truth.space is None:
        found.append("; with --space NAME, other spellings are recognised")
    return "".join(found)


def _parsed(archs: pd.Series, space: Space, where: str) -> dict[str, Arch]:
    found = {}
    for text in archs.unique():
        try:
            found[text] = space.from_str(text)
        except UserError as error:
            row = archs.index[int(np.flatnonzero(archs == text)[0])]
            raise UserError(f"{where}: row {row}, column 'arch': {error}{_what_else(text, space)}") from error
    return found


def _what_else(text: str, space: Space) -> str:
    """The nature of a string that is not an architecture of the space, where it can be recognised."""
    if re.fullmatch(r"[0-9]+", text):
        return "; a number does not identify an architecture: give its string, as indices differ between files"
    if re.fullmatch(r"[0-9a-fA-F]{32}", text):
        return "; a hash does not identify an architecture: give the cell itself"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's advice on how to write it
            value = ast.literal_eval(text)
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        value = None
    if isinstance(value, list | tuple | set | dict):
        return "; the order of edges in a list of operations is ambiguous: write the string form"
    for name in SPACES:
        if name != space.name and _is_of(name, text):
            return f"; it is an architecture of {name!r}"
    return ""


def _is_of(name: str, text: str) -> bool:
    """Whether the space of that name reads the string; what others register may fail in its own ways, and then not."""
    try:
        get_space(name).from_str(text)
    except (UserError, ValueError, TypeError, LookupError, AttributeError, NotImplementedError):
        return False
    return True
