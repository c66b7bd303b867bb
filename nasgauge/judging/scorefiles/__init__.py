"""Scores and ground truth of users, from files and tables in memory.

Checked cell by cell and matched with the architectures of a ground truth. Rule: every error is reported
in one line with the file, the row, the column and the remedy; rows are those of the file, counted from 1 after the
header. Suspicious values are reported as notes.
"""

from nasgauge.judging.scorefiles.columns import SCORE_FILE, TRUTH_FILE
from nasgauge.judging.scorefiles.matching import Spellings, matched
from nasgauge.judging.scorefiles.repeats import RepeatError
from nasgauge.judging.scorefiles.scores import ScoreFile, read_scores, score_file, score_table, scores_in
from nasgauge.judging.scorefiles.suspicious import equal_trainings, likely_sentinels
from nasgauge.judging.scorefiles.truth import TruthFile, read_truth, truth_file, truth_table

__all__ = [
    "SCORE_FILE",
    "TRUTH_FILE",
    "RepeatError",
    "ScoreFile",
    "Spellings",
    "TruthFile",
    "equal_trainings",
    "likely_sentinels",
    "matched",
    "read_scores",
    "read_truth",
    "score_file",
    "score_table",
    "scores_in",
    "truth_file",
    "truth_table",
]
