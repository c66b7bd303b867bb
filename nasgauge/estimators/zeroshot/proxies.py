"""The dictionary of proxies. A new one: function and Proxy in a file, one line here, one reference in the tests."""

from nasgauge.errors import unknown_name
from nasgauge.estimators.zeroshot import counts, expressivity, saliency, synaptic_flow
from nasgauge.estimators.zeroshot.proxy import Proxy

PROXIES: dict[str, Proxy] = {
    proxy.name: proxy
    for family in (saliency.PROXIES, synaptic_flow.PROXIES, expressivity.PROXIES, counts.PROXIES)
    for proxy in family
}


def get_proxy(proxy: str | Proxy) -> Proxy:
    """The proxy of that name, or the proxy itself; an unknown name is an error that lists the nearest ones.

    >>> get_proxy("snip").reference
    'lee2019snip'
    """
    if isinstance(proxy, Proxy):
        return proxy
    if proxy not in PROXIES:
        raise unknown_name("proxy", proxy, PROXIES)
    return PROXIES[proxy]
