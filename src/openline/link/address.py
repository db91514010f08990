"""Addresses and sockets of a path: literals only, no names are looked up."""

import socket
import struct
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from openline.errors import ConfigError
from openline.link.target import SocketAddress

_RECEIVE_BUFFER: Final = 4 * 1024 * 1024
_SO_RCVBUFFORCE: Final = 33
_IP_BIND_ADDRESS_NO_PORT: Final = 24
_NOT_SENT_LOW_WATER: Final = 16 * 1024
SIOCOUTQNSD: Final = 0x894B
_PORT_MAX: Final = 65_535
_RTM_NEWADDR, _RTM_GETADDR, _NLMSG_DONE = 20, 22, 3
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_NLM_F_DUMP_REQUEST: Final = 0x301
_NETLINK_HEADER = struct.Struct("=IHHII")
_NETLINK_ATTRIBUTE = struct.Struct("=HH")


@dataclass(frozen=True, slots=True)
class Address:
    """A literal IP address and port.

    Attributes:
        family: of the socket module.
        host: the literal, normalised.
        port: 0 to 65535.
        scope: interface number of an IPv6 link-local address, else 0.
    """

    family: socket.AddressFamily
    host: str
    port: int
    scope: int = 0

    def socket_address(self, port: int | None = None) -> SocketAddress:
        """Give it as the socket module takes it, with another port if asked."""
        chosen = self.port if port is None else port
        if self.family == socket.AF_INET6:
            return (self.host, chosen, 0, self.scope)
        return (self.host, chosen)

    def is_any(self) -> bool:
        """Say whether it stands for every local address."""
        return self.host in {"0.0.0.0", "::"}  # noqa: S104 - compared, not bound


def parse_address(text: str) -> Address:
    """Read "192.0.2.1:4000" or "[2001:db8::1]:4000".

    Raises:
        ConfigError: ``link.address``; host names are refused too (no DNS).
    """
    host, colon, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if bracketed:
        host = host[1:-1]
    digits = port.isascii() and port.isdigit() and len(port) <= len(str(_PORT_MAX))
    good_port = digits and int(port) <= _PORT_MAX
    if not colon or not good_port or (":" in host) is not bracketed:
        raise ConfigError("link.address", text)
    try:
        found = socket.getaddrinfo(host, int(port), flags=socket.AI_NUMERICHOST)[0]
    except (OSError, UnicodeError):
        raise ConfigError("link.address", text) from None
    family, address = found[0], found[4]
    scope = int(address[3]) if len(address) > 3 else 0  # noqa: PLR2004 - the IPv6 form
    return Address(family, str(address[0]).partition("%")[0], int(port), scope)


def udp_socket(own: Address, port: int) -> socket.socket:
    """Open the UDP socket of a path; raises OSError."""
    sock = socket.socket(own.family, socket.SOCK_DGRAM)
    try:
        sock.settimeout(0)
        if own.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        _enlarge(sock)
        sock.bind(own.socket_address(port))
    except BaseException:
        sock.close()
        raise
    return sock


def _enlarge(sock: socket.socket) -> None:
    """Ask for a receive buffer that outlasts a stall of the loop."""
    option = _SO_RCVBUFFORCE if sys.platform == "linux" else socket.SO_RCVBUF
    try:
        sock.setsockopt(socket.SOL_SOCKET, option, _RECEIVE_BUFFER)
    except OSError:  # the force needs a privilege
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)


def listening_socket(own: Address) -> socket.socket:
    """Open the TCP socket that a path listens on; raises OSError."""
    sock = socket.socket(own.family, socket.SOCK_STREAM)
    try:
        sock.settimeout(0)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if own.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(own.socket_address())
        sock.listen(64)
    except BaseException:
        sock.close()
        raise
    return sock


def dialing_socket(own: Address) -> socket.socket:
    """Open a TCP socket that leaves by the path's own address; raises OSError."""
    sock = socket.socket(own.family, socket.SOCK_STREAM)
    try:
        sock.settimeout(0)
        if not own.is_any():
            # The port is chosen at connect, else a listening port could be taken by chance.
            if sys.platform == "linux":
                sock.setsockopt(socket.IPPROTO_IP, _IP_BIND_ADDRESS_NO_PORT, 1)
            sock.bind(own.socket_address(0))
    except BaseException:
        sock.close()
        raise
    return sock


def tune_stream(sock: socket.socket, stalled_ms: int) -> None:
    """Make a connected TCP socket prompt, and die when it stalls; raises OSError."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if sys.platform == "linux":
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, stalled_ms)
        # What the kernel has not sent stays with us, where it can be counted.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _NOT_SENT_LOW_WATER)


def interface_addresses() -> dict[str, int]:
    """Map each local address of this machine to the number of its interface.

    Asked of the kernel by netlink; empty where that cannot be had.
    """
    found: dict[str, int] = {}
    if sys.platform != "linux":
        return found
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW) as sock:
            sock.settimeout(1.0)
            sock.send(_NETLINK_HEADER.pack(24, _RTM_GETADDR, _NLM_F_DUMP_REQUEST, 1, 0) + bytes(8))
            while _read_netlink(sock.recv(65_536), found):
                pass
    except OSError:
        return {}
    return found


def _read_netlink(data: bytes, found: dict[str, int]) -> bool:
    """Read one answer of the kernel; False at the end."""
    at = 0
    while at + _NETLINK_HEADER.size <= len(data):
        length, kind = _NETLINK_HEADER.unpack_from(data, at)[:2]
        if kind == _NLMSG_DONE or length < _NETLINK_HEADER.size:
            return False
        if kind == _RTM_NEWADDR:
            family = data[at + 16]
            (interface,) = struct.unpack_from("=I", data, at + 20)
            _read_attributes(data[at + 24 : at + length], family, interface, found)
        at += (length + 3) & ~3
    return at > 0


def _read_attributes(data: bytes, family: int, interface: int, found: dict[str, int]) -> None:
    at = 0
    while at + _NETLINK_ATTRIBUTE.size <= len(data):
        length, kind = _NETLINK_ATTRIBUTE.unpack_from(data, at)
        if length < _NETLINK_ATTRIBUTE.size:
            return
        if kind in {_IFA_ADDRESS, _IFA_LOCAL} and family in {socket.AF_INET, socket.AF_INET6}:
            host = socket.inet_ntop(family, data[at + 4 : at + length])
            found[host] = interface
        at += (length + 3) & ~3
