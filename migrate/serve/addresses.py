"""Who asks: the client's address behind proxies that are trusted, and the bucket it is limited by."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from functools import lru_cache

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
# longer chains are forged
_HOPS = 16


def networks(trusted: Sequence[str]) -> tuple[Network, ...]:
    """Networks of trusted proxies, as ``ipaddress.ip_network`` reads them."""
    return tuple(ipaddress.ip_network(network) for network in trusted)


def client_of(peer: str | None, forwarded: Sequence[str], trusted: Sequence[Network]) -> str:
    """The address of whoever asks.

    X-Forwarded-For is read from its end, which the nearest proxy wrote, and only as far as each
    hop is a trusted proxy: what stands before the first that is not was written by anybody.

    :param peer: address of the connection's other end, or None where it has none.
    :param forwarded: the values of all X-Forwarded-For headers, in their order.
    :param trusted: the networks of proxies.
    :returns: an address as text; '' where it is not known, so that all such share a bucket.
    """
    here = _address(peer or "")
    if here is None:
        return ""
    hops = ",".join(forwarded).split(",") if forwarded else []
    for hop in reversed(hops[-_HOPS:]):
        if not is_trusted(str(here), trusted):
            break
        before = _address(hop)
        if before is None:
            break
        here = before
    return str(here)


def is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    """Whether an address is one of a trusted proxy."""
    known = _address(address)
    return known is not None and any(known in network for network in trusted)


def bucket_of(address: str) -> str:
    """The name of an address's bucket: an IPv4 address itself, of IPv6 the /64.

    One customer has a whole /64, so an address in it costs nothing.
    """
    known = _address(address)
    if isinstance(known, ipaddress.IPv6Address):
        return f"a:{ipaddress.ip_network((known, 64), strict=False).network_address}/64"
    return f"a:{known or 'unknown'}"


@lru_cache(maxsize=4_096)
def _address(text: str) -> Address | None:
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        # an IPv4 address with its port, as some proxies write it
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        return found.ipv4_mapped
    return found
