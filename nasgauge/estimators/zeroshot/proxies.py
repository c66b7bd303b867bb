"""The dictionary of proxies. A new one: function and Proxy in a file, one line here, one reference in the tests."""

from collections.abc import Callable
from typing import Any

from nasgauge.core.errors import UserError
from nasgauge.core.registry import Registry
from nasgauge.estimators.zeroshot import (
    az_nas,
    counts,
    expressivity,
    intrain,
    meco,
    saliency,
    signal,
    swap,
    synaptic_flow,
    te_nas,
    vkdnw,
)
from nasgauge.estimators.zeroshot.own import adapted
from nasgauge.estimators.zeroshot.proxy import Proxy


def _own(thing: Any, name: str) -> Proxy | None:
    if name in PROXIES:
        raise UserError(f"{name!r} is the name of a registered proxy; choose another name for it")
    return adapted(thing, name)


PROXIES: Registry[Proxy] = Registry(
    "proxy",
    {
        proxy.name: proxy
        for family in (
            saliency,
            synaptic_flow,
            expressivity,
            signal,
            counts,
            az_nas,
            vkdnw,
            swap,
            meco,
            te_nas,
            intrain,
        )
        for proxy in family.PROXIES
    },
    group="nasgauge.proxy",
    of=Proxy,
    adapt=_own,
    takes="a Proxy, or a function of (network, (images, labels)) or of a Record",
)


def get_proxy(proxy: str | Proxy | Callable[..., Any]) -> Proxy:
    """The proxy of a name or of a function, or the proxy itself; an unknown name is an error that lists the nearest.

    >>> get_proxy("snip").reference
    'lee2019snip'
    """
    return PROXIES.find(proxy)
