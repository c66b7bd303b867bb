"""Whatever a public function or method is given as an argument, it gives a result or one line with the place."""

import inspect

import pytest

import nasgauge as ng

WRONG = (object(), [object()], {"a": object()}, 1.5, 3, True)
FLAGS = {"serif"}  # their truth counts
LEFT_OUT = {"bundle", "progress", "function"}  # called later, or a function of any kind


def evaluation():
    bench = ng.load_benchmark("digits-nb201")
    archs = bench.archs[:20]
    scores = {"up": dict(zip(archs, range(20), strict=True)), "down": dict(zip(archs, range(20, 0, -1), strict=True))}
    return ng.judge(scores, benchmark=bench, n_bootstrap=2), {"scores": scores, "benchmark": bench, "n_bootstrap": 2}


FOUND, JUDGED = evaluation()
BENCH = JUDGED["benchmark"]
OVER = {"evaluations": {"a": FOUND, "b": FOUND}, "estimator": "up", "rival": "down", "n_bootstrap": 2}
CALLS = {
    "judge": (ng.judge, JUDGED),
    "judge options": (ng.judge, {**JUDGED, "benchmark": "digits-nb201", "options": {"dataset": "digits"}}),
    "compare_over": (ng.compare_over, OVER),
    "ZeroShot": (ng.ZeroShot, {"space": BENCH, "proxies": ["n_params"]}),
    "OneShot": (ng.OneShot, {"space": BENCH, "epochs": 1}),
    "Predictor": (ng.Predictor, {"space": BENCH, "encoder": "random_forest"}),
    "fit": (ng.Predictor(BENCH, encoder="random_forest").fit, {"truth": 3}),
    "scores": (ng.ZeroShot(BENCH, ["n_params"]).scores, {"archs": BENCH.archs[:1]}),
    "estimate": (ng.ZeroShot(BENCH, ["n_params"]).estimate, {"archs": BENCH.archs[:1]}),
    "measure": (ng.measure, {"modules": {"a": object()}}),
    "space_from": (ng.space_from, {"name": "of a test", "networks": {"a": object()}}),
    "get_space": (ng.get_space, {"name": "nb201"}),
    "load_benchmark": (ng.load_benchmark, {"name": "digits-nb201"}),
    "list": (ng.list, {"category": "spaces"}),
    "load_run": (ng.load_run, {"folder": "no such folder"}),
    "run": (ng.run, {"study": "no such study"}),
    "build": (ng.build, {"recipe": "no such recipe", "out": "no such folder"}),
    "only": (BENCH.only, {"archs": BENCH.archs[:2]}),
    "compare": (FOUND.compare, {}),
    "analysis": (FOUND.analysis, {"name": "no such analysis"}),
    "plot": (FOUND.plot, {}),
    "scatter": (FOUND.scatter, {"estimator": "up"}),
    "figure": (FOUND.figure, {"name": "no such figure"}),
    "write_figures": (FOUND.write_figures, {"folder": "no such folder", "kind": "no such kind"}),
    "to_html": (FOUND.to_html, {"path": 3}),
    "to_latex": (FOUND.to_latex, {}),
    "to_csv": (FOUND.to_csv, {}),
}
CASES = [
    (call, parameter.name)
    for call, (function, _) in CALLS.items()
    for parameter in inspect.signature(function).parameters.values()
    if parameter.kind is not parameter.VAR_KEYWORD and parameter.name not in LEFT_OUT
]


def test_every_public_function_and_method_is_here():
    public = {name for name in ng.__all__ if callable(getattr(ng, name)) and not name[0].isupper()}
    methods = {name for name, _ in inspect.getmembers(type(FOUND), inspect.isfunction) if name[0] != "_"}
    assert public | methods <= CALLS.keys() | {"as_proxy", "of_bundle"}


@pytest.mark.parametrize(("call", "name"), CASES, ids=[f"{call}-{name}" for call, name in CASES])
def test_a_value_of_another_type_is_refused_in_one_line(call, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    function, given = CALLS[call]
    refused = 0
    for value in WRONG:
        try:
            function(**{**given, name: value})
        except ng.UserError as error:
            refused += 1
            assert "\n" not in str(error)
    assert name in FLAGS or refused >= 2, refused


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ng.judge(**JUDGED, criteria=None), "criteria is None; give a list of names"),
        (
            lambda: ng.judge(**JUDGED, lower_is_better=True),
            "judge: lower_is_better is True; give a list of names of estimators",
        ),
        (lambda: ng.judge(**JUDGED, confidence="a"), "judge: confidence is 'a'; give a number"),
        (lambda: ng.judge(**{**JUDGED, "options": ["a"]}), "judge: options is ['a']; give a dictionary"),
        (lambda: ng.ZeroShot(BENCH, 3), "ZeroShot: proxies is 3; give a list of proxies"),
        (lambda: FOUND.compare(None), "compare: estimator is None; give a name or a list of names"),
        (lambda: FOUND.to_html(3), "to_html: path is 3; give a path"),
        (lambda: FOUND.plot(ax=3), "plot: ax is 3; give Matplotlib axes"),
        (lambda: ng.compare_over([FOUND], "up", "down"), "give a dictionary"),
        (lambda: ng.space_from(3, {"a": list}), "space_from: name is 3; give a text"),
    ],
)
def test_the_line_says_which_argument_and_what_to_give(make, message):
    with pytest.raises(ng.UserError) as caught:
        make()
    assert message in str(caught.value)
