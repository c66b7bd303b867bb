"""Matching of architecture strings with those of the ground truth, in any spelling."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from nasgauge.core.errors import UserError
from nasgauge.judging.scorefiles.purpose import is_listed, is_of
from nasgauge.judging.scorefiles.scores import ScoreFile
from nasgauge.spaces import NB101, SPACES, Arch, Space, check_order, is_hash, module_hash, reader


class Spellings:
    """The architectures of a ground truth, each found under every spelling that its space has (`spaces.reader`).

    known: their strings. space: None where it is unknown; then strings are compared literally. order: that of the
    operations in lists. Strings in the spelling of the ground truth are not parsed; only for others the identities of
    all known architectures, and for hashes of NAS-Bench-101 their hashes, are computed, once. notes: how the strings of
    a file were read where not as the space's string form.
    """

    def __init__(self, known: Iterable[str], space: Space | None, order: str | None = None) -> None:
        check_order(order, space)
        self.space, self.order = space, order
        self.notes: list[str] = []
        self._known = dict.fromkeys(known)
        self._by_identity: dict[str, str] | None = None
        self._by_hash: dict[str, str] | None = None

    @classmethod
    def of_file(
        cls, archs: pd.Series, space: Space | None, where: str, order: str | None = None
    ) -> "tuple[Spellings, pd.Series]":
        """The architectures of a ground-truth file in the spelling of the space, and the column in the same spelling.

        archs: its index numbers the rows. Several spellings of one architecture become that of the first. UserError
        names the row of a string that is not an architecture of the space.
        """
        if space is None:
            return cls(archs.unique(), None, order), archs
        first: dict[str, str] = {}
        parsed, notes = _parsed(archs, archs, space, where, order)
        given = {
            text: first.setdefault(space.to_str(space.identity(arch)), space.to_str(arch))
            for text, arch in parsed.items()
        }
        found = cls(first.values(), space, order)
        found._by_identity = first
        found.notes = notes
        return found, archs.map(given)

    def __len__(self) -> int:
        return len(self._known)

    def found(self, archs: pd.Series, where: str) -> tuple[dict[str, str], list[str], list[str]]:
        """The spelling of the ground truth of strings in other spellings, the strings without ground truth, and notes.

        archs: its index numbers the rows of a file. Several strings of one architecture without ground truth are
        spelled as the first, in the string form of the space. UserError names the row of a string that is not an
        architecture of the space.
        """
        foreign = archs[[text not in self._known for text in archs.tolist()]]
        if foreign.empty or self.space is None:
            return {}, list(foreign.unique()), []
        names, unknown, notes = self._hashed(foreign, where)
        others = foreign[~foreign.isin({*names, *unknown})]
        parsed, read_as = _parsed(others, archs, self.space, where, self.order)
        absent: dict[str, str] = {}
        for text, arch in parsed.items():
            spelled = self.space.to_str(arch)
            if spelled in self._known:
                names[text] = spelled
                continue
            identity = self.space.to_str(self.space.identity(arch))
            names[text] = self._identities().get(identity) or absent.setdefault(identity, spelled)
            if identity in absent:
                unknown.append(text)
        return names, unknown, [*notes, *read_as]

    def _hashed(self, foreign: pd.Series, where: str) -> tuple[dict[str, str], list[str], list[str]]:
        """As `found`, of the strings that are hashes of NAS-Bench-101 cells."""
        if not isinstance(self.space, NB101):
            return {}, [], []
        hashes = [text for text in foreign.unique() if is_hash(text)]
        if not hashes:
            return {}, [], []
        if self._by_hash is None:
            self._by_hash = {module_hash(self.space.from_str(text)): text for text in self._known}
        names = {text: self._by_hash[text.lower()] for text in hashes if text.lower() in self._by_hash}
        unknown = [text for text in hashes if text not in names]
        return names, unknown, [_read_as(where, "module hashes of NAS-Bench-101")]

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
    names, absent, read_as = truth.found(archs, file.where)
    notes = [*file.notes, *read_as]
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
        found.append("; with space=NAME (--space NAME), other spellings are recognised")
    return "".join(found)


def _parsed(
    archs: pd.Series, column: pd.Series, space: Space, where: str, order: str | None
) -> tuple[dict[str, Arch], list[str]]:
    """The architecture of each string, and a note on the spelling where it is not the string form.

    column: the whole column, which decides on the spelling.
    """
    try:
        read, spelling = reader(column.unique().tolist(), space, order)
    except UserError as error:
        raise UserError(f"{where}: {error}") from error
    texts = archs.unique().tolist()
    found = {}
    for text in texts:
        try:
            found[text] = read(text)
        except UserError as error:
            row = archs.index[int(np.flatnonzero(archs == text)[0])]
            what_else = _what_else(text, space) if spelling is None else ""
            raise UserError(f"{where}: row {row}, column 'arch': {error}{what_else}") from error
    return found, [] if spelling is None or not texts else [_read_as(where, spelling)]


def _read_as(where: str, spelling: str) -> str:
    return f"{where}: architectures are read as {spelling}"


def _what_else(text: str, space: Space) -> str:
    """The nature of a string that is not an architecture of the space, where it can be recognised."""
    if text.isascii() and text.isdigit():
        return (
            "; a number does not identify an architecture: give its string, as indices differ between files (those of "
            "'nb201' are read where the whole column contains indices)"
        )
    if is_hash(text):
        return "; a hash does not identify an architecture: give the cell itself"
    if is_listed(text):
        return "; the order of edges in a list of operations is ambiguous: write the string form"
    for name in SPACES:
        if name != space.name and is_of(name, text):
            return f"; it is an architecture of {name!r}"
    return ""
