"""The words of a network, for a space and the images of a study."""

from collections.abc import Mapping

from nasgauge.core.errors import UserError
from nasgauge.nets import NetOptions, check_meaning
from nasgauge.spaces import Space
from nasgauge.studies.schema import Options, options_for


def network_options(
    space: Space, words: Options | None, images: Mapping[str, int], where: str, *, trained: bool = False
) -> NetOptions:
    """The options of the networks of a space. images: in_channels and n_classes of the data.

    trained: of a supernet, whose own options decide on running statistics. UserError, which begins with `where`: an
    unknown key, one that means nothing here, or that does not fit the images.
    """
    given = dict(words or {})
    if trained and "bn_track" in given:
        raise UserError(f"{where}: bn_track is decided by bn of a supernet; set supernet = {{ bn = ... }} instead")
    net = options_for(NetOptions, images | given, where)
    check_meaning(space, net, where)
    if net.in_channels != images["in_channels"]:
        raise UserError(f"{where}: in_channels = {net.in_channels}, but the images have {images['in_channels']}")
    if net.n_classes < images["n_classes"]:
        raise UserError(f"{where}: n_classes = {net.n_classes}, but the images have {images['n_classes']} classes")
    return net
