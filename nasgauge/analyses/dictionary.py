"""All analyses: what each asks, where a report shows it, and what the literature found on the same question."""

from nasgauge.analyses import (
    agreement,
    best_of_truth,
    by_setting,
    common_ground,
    cost_quality,
    forgetting,
    gradient_similarity,
    intra_level,
    iso_classes,
    learning_curve,
    rank_scatter,
    reliability,
    score_histogram,
    search_quality,
    seeds,
    signal_cleaning,
    stability,
    stage_choices,
    top_cells,
    training_curve,
    trend,
    validation_size,
)
from nasgauge.analyses.analysis import Analysis
from nasgauge.analyses.bias_dictionary import BIAS

ANALYSES: dict[str, Analysis] = {
    "reliability": Analysis(
        reliability.compute,
        reliability.draw,
        "How far can the truth itself be trusted?",
        "",
        "Ning et al. (2021) do not ask this of their topological search spaces; for NDS ResNet they take the 5,000 "
        "architectures that were trained with three seeds (App. D).",
        (5.2, 3.2),
        random=True,
    ),
    "agreement": Analysis(
        agreement.compute,
        agreement.draw,
        "Which estimators say the same, and which say what the truth says?",
        "Fig. 4",
        "On NAS-Bench-201, Ning et al. (2021, Fig. 4 and Table A9) find relu_logdet (.611) and jacob_cov (.608) level "
        "with counting parameters (.606), and snip, grad_norm and fisher ranking alike.",
        (8.4, 8.0),
    ),
    "rank_scatter": Analysis(
        rank_scatter.compute,
        rank_scatter.draw,
        "Where on the scale from best to worst does an estimator err?",
        "Fig. A26",
        "Ning et al. (2021, App. B.2) report that relu_logdet and jacob_cov rank well overall and yet find few of the "
        "top 5% (.158 and .087 of them), because they favour 1×1 over 3×3 convolutions.",
        (2.1, 2.1),
        "estimator",
        margins=(0.2, 0.2, 0.98, 0.98),
    ),
    "score_histogram": Analysis(
        score_histogram.compute,
        score_histogram.draw,
        "How are the scores spread: crowded, in steps, or ruled by a few outliers?",
        "Fig. A25",
        "Ning et al. (2021, Fig. A25) find outliers in the scores of every zero-shot estimator and plot only what lies "
        "between the .1 and .9 quantiles; synflow alone runs up to 7.55e49.",
        (2.1, 1.6),
        "estimator",
        margins=(0.19, 0.26, 0.97, 0.97),
    ),
    "top_cells": Analysis(
        top_cells.compute,
        top_cells.draw,
        "What do the architectures look like that an estimator likes best?",
        "Fig. 6",
        "Ning et al. (2021, Sec. 5.2 and App. B.2) find synflow choosing the largest cells, and snip, grad_norm and "
        "fisher cells without skips: their first choice, a chain of three 3×3 convolutions, reaches 88.52%, and 93.99% "
        "once a skip joins input and output.",
        (2.1, 3.0),
        "estimator",
        margins=(0.0, 0.0, 1.0, 1.0),
    ),
    "trend": Analysis(
        trend.compute,
        trend.draw,
        "How does the quality of the ranking grow with training, and which part of it first?",
        "Fig. 1",
        "Ning et al. (2021, Sec. 4.1) see every criterion rise with training except on NAS-Bench-101; the bottom 5% "
        "are told apart better than the top 5%, and the best architectures stand out first.",
        (3.3, 2.9),
        "panel",
        needs=("checkpoint_scores",),
        caption="Lines are means over seeds, bands reach from the lowest to the highest. Of more than eight estimators "
        "those are drawn whose scores agree best with the truth; the table holds all.",
        section="training",
        upwards="criterion",
    ),
    **BIAS,
    "training_curve": Analysis(
        training_curve.compute,
        training_curve.draw,
        "Had training settled when the scores were taken?",
        "",
        "Ning et al. (2021, App. D) halve the learning rate when the mean training loss has not fallen for 30 epochs.",
        (3.3, 2.9),
        "panel",
        needs=("training_log",),
        counts="seeds",
        caption="Lines are means over seeds, bands reach from the lowest to the highest.",
        section="training",
    ),
    "forgetting": Analysis(
        forgetting.compute,
        forgetting.draw,
        "Do the later steps of an epoch undo what an architecture has learned?",
        "Fig. A14",
        "Ning et al. (2021, Sec. 5.3 and Fig. A14) find forgetting in early training alone: later the values spread "
        "less and their mean turns positive, so that training other architectures helps.",
        (3.6, 2.3),
        "estimator",
        needs=("forgetting",),
        counts="trainings of architectures",
        caption="Accuracy at the end of the epoch minus that right after the architecture's own step; line: median, "
        "band: .1 to .9 quantile. Below zero it was forgotten.",
        section="training",
    ),
    "gradient_similarity": Analysis(
        gradient_similarity.compute,
        gradient_similarity.draw,
        "Do architectures pull their shared weights in the same direction?",
        "Fig. A15",
        "Ning et al. (2021, Fig. A15) find the gradients of two architectures least alike in the middle of the "
        "network, in NAS-Bench-201 in the cells before the second reduction, and more alike as training goes on.",
        (4.4, 2.8),
        "estimator",
        needs=("gradients",),
        counts="pairs of architectures",
        caption="Mean cosine over pairs of architectures, from the images to the logits; band: .1 to .9 quantile of "
        "the last epoch.",
        section="training",
    ),
    "stability": Analysis(
        stability.compute,
        stability.draw,
        "How much does a ranking change from one checkpoint to the next?",
        "Fig. 7",
        "Ning et al. (2021, Sec. 5.3) find rankings steadier with training, steadiest among bad architectures, and "
        "steadier still once several supernets or checkpoints are averaged.",
        (3.3, 2.9),
        "panel",
        needs=("checkpoint_scores",),
        takes=("windows",),
        caption="The later checkpoint takes the place of the truth; lines are means over seeds, bands their range. "
        "Averages are compared with the next one that shares no checkpoint with them. Compare estimators with the same "
        "checkpoints: the farther apart, the less they agree.",
        section="stability",
    ),
    "seeds": Analysis(
        seeds.compute,
        seeds.draw,
        "How much is luck: do the seeds of an estimator agree, and does averaging their scores help?",
        "Fig. 7",
        "Ning et al. (2021, Sec. 5.3 and 6.1) find that the mean score of several supernets ranks more stably than one "
        "supernet.",
        (4.4, 3.6),
        caption="Kendall's tau-b with the truth of scores averaged over so many seeds; bars reach from the worst to "
        "the best set of seeds. The legend gives the agreement of two seeds.",
        section="stability",
        upwards="kendall_tau",
    ),
    "iso_classes": Analysis(
        iso_classes.compute,
        iso_classes.draw,
        "Do architectures that compute the same function get the same score?",
        "Fig. A17",
        "Ning et al. (2021, App. A.3.3 and Fig. A17) see the spread within isomorphism classes shrink as training "
        "goes on; Ning et al. (2020, Table 2) report a spread of ranks that falls from 162 to 117 between epochs 200 "
        "and 1,000, where the truth's own is 65.",
        (3.6, 3.0),
        needs=("class_scores",),
        counts="classes of two members or more",
        caption="Standard deviation of the scores within a class, mean over classes, over that of all scores; 0 is "
        "perfect. The table holds ranks as well.",
        section="stability",
    ),
    "validation_size": Analysis(
        validation_size.compute,
        validation_size.draw,
        "How many validation images does a supernet's score need?",
        "Fig. 3",
        "Ning et al. (2021, Sec. 4.1 and App. A.1.2) find more validation data helpful to a well-trained supernet (on "
        "NAS-Bench-201 tau is about .5 with few batches and .76 with all), yet harmful on NAS-Bench-301 at epoch 200.",
        (3.3, 2.9),
        "panel",
        needs=("batch_scores",),
        caption="Scores from the first so many batches of validation images; bands are the range over seeds.",
        section="stability",
        upwards="criterion",
    ),
    "intra_level": Analysis(
        intra_level.compute,
        intra_level.draw,
        "Does more validation data tell apart what one batch leaves equal?",
        "Fig. 3",
        "Ning et al. (2021, Sec. 4.1) find more negative than positive correlations within such levels when the "
        "supernet is under-trained, and the contrary when it is trained.",
        (3.3, 2.7),
        "estimator",
        needs=("batch_scores",),
        caption="A level holds the architectures with equal accuracy on the first batch; the histogram counts levels "
        "by Kendall's tau-b between their accuracy on all batches and the truth, for the first and the last "
        "checkpoint, all seeds together.",
        section="stability",
    ),
    "best_of_truth": Analysis(
        best_of_truth.compute,
        best_of_truth.draw,
        "Are the truly best scored best, and ranked among themselves?",
        "",
        "Laube and Zell (2021, Sec. 4.1 and Fig. 4) find a mean score that hardly depends on how good the "
        "architectures are (τₐ = .07) for a small supernet on all of NAS-Bench-201, and −.93 without the zero "
        "operation; outside limited spaces no tau within the best is high (Sec. 5).",
        (4.4, 3.9),
        caption="Kendall's tau-b within the N truly best; bars: least and greatest seed. τₐ: correlation of N with "
        "the mean score of the N best, ideally −1.",
        section="search",
    ),
    "search_quality": Analysis(
        search_quality.compute,
        search_quality.draw,
        "Would a random search that trusts the estimator find a good architecture?",
        "",
        "Yu et al. (2020, as submitted to ICLR 2021, Fig. 4) find that a supernet's mean accuracy tells little about "
        "the models it finds (Spearman .09, .52, .07 on three spaces) and sparse tau more (.45, .55, .19); the first "
        "choice of a supernet of Ning et al. (2021, Table A6) on NAS-Bench-201 reaches 93.55%.",
        (5.4, 3.9),
        random=True,
        caption="Mean true accuracy of the 3 best by score of 200 random architectures; bars: 95% of 500 such "
        "searches. Random pick and best of the pool are what no and perfect scores would find.",
        section="search",
    ),
    "common_ground": Analysis(
        common_ground.compute,
        common_ground.draw,
        "Does training on a smaller search space rank that space better?",
        "",
        "Ning et al. (2021, Table A5) take operations out of NAS-Bench-201: one-shot accuracy on the remaining "
        "architectures changes by −.011 to +.092, but tau falls by .014 to .098; Laube and Zell (2021, Sec. 4.1) find "
        "spaces without zero and pooling easier to rank.",
        (3.4, 2.5),
        "subset_of",
        caption="Diamonds: estimators that scored just these architectures; circles: others, on the same ones.",
        section="settings",
    ),
    "by_setting": Analysis(
        by_setting.compute,
        by_setting.draw,
        "Which choices of network, training and sampling does the ranking depend on?",
        "Fig. A6",
        "Ning et al. (2020, Fig. 3, and 2021, App. A.1.4) find that fewer channels cost little and fewer layers much; "
        "several architectures a step do not help on NAS-Bench-201 (Table A2).",
        (3.3, 3.0),
        "setting",
        needs=("settings",),
        caption="Criteria by the value of a setting; bands are the range over seeds. Of several series the first is "
        "drawn, the table holds all; settings that change along are named.",
        section="settings",
    ),
    "learning_curve": Analysis(
        learning_curve.compute,
        learning_curve.draw,
        "How much better does a predictor get with what it learns from?",
        "",
        "Ning et al. (2020, as submitted to ICLR 2021, Fig. 4) find GATES, trained with a ranking loss, ahead of LSTM, "
        "MLP and random forest for 39, 78, 390 and 781 architectures of NAS-Bench-201.",
        (3.4, 3.2),
        "panel",
        needs=("lessons",),
        caption="Lines are means over draws of what is learned from and over seeds, bands reach from the least to the "
        "greatest. Of more than eight kinds of predictors those are drawn that agree best with the truth; the table "
        "holds all.",
        section="learning",
        upwards="criterion",
    ),
    "stage_choices": Analysis(
        stage_choices.compute,
        stage_choices.draw,
        "What does a predictor choose once it may choose, and does it find the best?",
        "",
        "Ning et al. (2020, as submitted to ICLR 2021, Table A2) find the standard deviation of 78 accuracies fall "
        "from .064 to below .005 in the first stage that GATES or LSTM chooses, and to about .002 later.",
        (3.4, 3.2),
        "panel",
        needs=("lessons",),
        caption="Each stage adds architectures that the predictor itself took for the best; points are means over "
        "draws and seeds. Bars of accuracy reach from the best to the worst choice, the others over draws and seeds. "
        "Rank 1 is the best architecture of the truth, tied ones share the least rank.",
        section="learning",
    ),
    "signal_cleaning": Analysis(
        signal_cleaning.compute,
        signal_cleaning.draw,
        "Does a predictor clean the scores that it learned from, or spoil them?",
        "",
        "Ning et al. (2020, as submitted to ICLR 2021, App. A.3) find that GATES, taught the one-shot scores of "
        "78 architectures, ranks as they do (tau .718 and .719) and finds worse ones (BR@1% 12.1% instead of 2.5%).",
        (3.4, 3.2),
        "panel",
        needs=("lessons",),
        caption="Lines are means over draws and seeds, bands their range; dashed in the same colour is the estimator "
        "whose scores were learned, the mean over its seeds. The table counts the runs that are better than it.",
        section="learning",
        upwards="criterion",
    ),
    "cost_quality": Analysis(
        cost_quality.compute,
        cost_quality.draw,
        "What does a better ranking cost?",
        "",
        "Ning et al. (2021, App. D and Table A9) tell no seconds of an estimator, only that all experiments took about "
        "300 GPU days; on NAS-Bench-201 a supernet reaches a tau of .766, and the best zero-shot estimator, which "
        "trains nothing, .611.",
        (5.0, 4.0),
        "panel",
        needs=("expenses",),
        caption="Filled points: no other estimator is as good for as little or better for less; at most ten of them "
        "are named. A kind without such a point has its best named in grey. Bars: least and greatest seed. The line is "
        "the best that a budget buys.",
        section="cost",
        upwards="criterion",
    ),
}
