"""What can be chosen about a network apart from its architecture."""

from dataclasses import dataclass


@dataclass(frozen=True)
class NetOptions:
    """Size and treatment of a stand-alone network; the defaults are NAS-Bench-201's CIFAR-10 network.

    `channels`: channels of the first stage, doubled by every later one. `n_cells`: cells a stage. `n_stages`: stages,
    with a residual reduction between two. `bn_affine`, `bn_track`: learned scale and shift, running statistics, of the
    normalisations inside the cells (stem, reductions and head always have scale and shift). `conv_bias`: a bias in the
    cells' convolutions. `dropout`: probability before the classifier. `skip_dead`: leave out edges that no path from
    input to output crosses (exact while `bn_affine` and `conv_bias` are off, as a dead convolution then gives zero).
    `replicas`: that many independent copies of the network side by side in the channels, as grouped convolutions.
    """

    channels: int = 16
    n_cells: int = 5
    n_stages: int = 3
    in_channels: int = 3
    n_classes: int = 10
    bn_affine: bool = True
    bn_track: bool = True
    conv_bias: bool = False
    dropout: float = 0.0
    skip_dead: bool = False
    replicas: int = 1
