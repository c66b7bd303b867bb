"""TOML of small studies, surveys and recipes that several tests run, which differ in their numbers of architectures."""

NET = "net = { channels = 2, n_cells = 1, n_stages = 1, bn_affine = false }"
_HEAD = """
n_bootstrap = 5
criteria = ["kendall_tau"]
"""
_ZERO_SHOT = f"""
[[estimators]]
name = "zeroshot"
proxies = ["n_params", "synflow"]
batch_size = 8
{NET}
"""


def study(n):
    """Two proxies, and a supernet called "net" that is trained for an epoch: tasks of two levels."""
    supernet = f'[[estimators]]\nname = "oneshot"\nlabel = "net"\nepochs = 1\nscore_batch_size = 180\n{NET}\n'
    return f'title = "small"\nbenchmark = "digits-nb201"\narchs = {{ n = {n} }}{_HEAD}{_ZERO_SHOT}{supernet}'


def survey(n_a, n_b):
    """The two proxies on two parts "a" and "b"."""
    part = '{{ name = "{}", benchmark = "digits-nb201", archs = {{ n = {} }} }}'.format
    return f'title = "two"\nparts = [{part("a", n_a)}, {part("b", n_b)}]{_HEAD}{_ZERO_SHOT}'


def recipe(n):
    """A benchmark "tiny" of NAS-Bench-201 cells on digits, with two seeds."""
    return f"""
name = "tiny"
title = "tiny"
space = "nb201"
data = "digits"
n_seeds = 2
archs = {{ n = {n} }}
split = {{ n_train = 20, n_valid = 10 }}
net = {{ channels = 2, n_cells = 1, n_stages = 1 }}
protocol = {{ epochs = 1, batch_size = 10 }}
"""
