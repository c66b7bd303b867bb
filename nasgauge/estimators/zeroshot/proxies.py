"""The dictionary of proxies. A new one: function and Proxy in a file, one line here, one reference in the tests."""

from nasgauge.core.registry import Registry
from nasgauge.estimators.zeroshot import counts, expressivity, saliency, synaptic_flow
from nasgauge.estimators.zeroshot.proxy import Proxy

PROXIES: Registry[Proxy] = Registry(
    "proxy",
    {
        proxy.name: proxy
        for family in (saliency.PROXIES, synaptic_flow.PROXIES, expressivity.PROXIES, counts.PROXIES)
        for proxy in family
    },
    group="nasgauge.proxy",
    of=Proxy,
)


def get_proxy(proxy: str | Proxy) -> Proxy:
    """The proxy of that name, or the proxy itself; an unknown name is an error that lists the nearest ones.

    >>> get_proxy("snip").reference
    'lee2019snip'
    """
    return PROXIES.find(proxy)
