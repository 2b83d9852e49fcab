"""Who really calls: the peer of the connection, or whom a proxy that we trust names.

Knows addresses and the two headers that proxies write. A header of anybody else is what a stranger says of himself: it
is not read at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from engageai.limits import App, Receive, Scope, Send, header

IPV6_SITE_BITS: Final = 64  # what one subscriber is given; a key of its own for each address would be one for each try
MOST_HOPS: Final = 16  # that are read of a chain of proxies
SCHEMES: Final = {"http": ("http", "https"), "websocket": ("ws", "wss")}

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def networks(names: Sequence[str]) -> tuple[Network, ...]:
    """Raises ValueError, with the name, for what is no address and no network."""
    return tuple(ip_network(name, strict=False) for name in names)


def is_trusted(peer: str, trusted: Sequence[Network]) -> bool:
    address = _address(peer)
    return address is not None and any(address in network for network in trusted)


def caller(peer: str, forwarded_for: str, trusted: Sequence[Network]) -> str:
    """The right-most address of X-Forwarded-For that is no proxy of ours: what stands left of it is hearsay."""
    if not is_trusted(peer, trusted):
        return peer
    for name in reversed(forwarded_for.split(",")[-MOST_HOPS:]):
        hop = _address(name.strip())
        if hop is None:
            break
        peer = str(hop)
        if not is_trusted(peer, trusted):
            break
    return peer


def key_of(peer: str) -> str:
    """What counts as one caller: an address, or an IPv6 site."""
    address = _address(peer)
    if isinstance(address, IPv6Address):
        return str(ip_network((address, IPV6_SITE_BITS), strict=False))
    return str(address) if address else peer


def is_here(peer: str) -> bool:
    """Whether the caller sits at this machine."""
    address = _address(peer)
    return address is not None and address.is_loopback


def _address(name: str) -> Address | None:
    try:
        address = ip_address(name.partition("%")[0])
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


class Forwarded:
    """Puts the caller, and the scheme that it used, where the application looks for them."""

    def __init__(self, app: App, trusted: Sequence[str]) -> None:
        self.app = app
        self.trusted = networks(trusted)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get("client")
        if client and is_trusted(client[0], self.trusted):
            forwarded_for = b",".join(value for key, value in scope["headers"] if key == b"x-forwarded-for")
            scope["client"] = (caller(client[0], forwarded_for.decode("latin1"), self.trusted), 0)
            plain, secure = SCHEMES[scope["type"]]
            if proto := header(scope, b"x-forwarded-proto"):
                scope["scheme"] = secure if proto.strip().lower() in (b"https", b"wss") else plain
        return await self.app(scope, receive, send)
