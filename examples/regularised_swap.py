"""SWAP about a size: proxies for `proxies = ["regularised_swap.py:swap_regularised"]` in a study beside this file.

The constants are ours, in thousands of parameters: the largest network of NAS-Bench-201 (CIFAR-10, 16 channels, 5 cells
a stage) and its square; the published ones were not found.
"""

from nasgauge.estimators.zeroshot.swap import regularised_swap

swap_regularised = regularised_swap(mu=1531.0, sigma=1531.0**2)
