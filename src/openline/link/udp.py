"""The UDP flow of a path: a plain socket on the loop, never a queue.

asyncio's own datagram transport queues without a limit and dies of a missing
address; here a packet that cannot leave at once is dropped. spec/link section 4.
"""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from openline.link.address import Address, udp_socket
from openline.link.packets import PACKET_MAX
from openline.link.target import SocketAddress

if TYPE_CHECKING:
    import socket

_PACKETS_PER_WAKE: Final = 64


class UdpFlow:
    """One bound UDP socket.

    Attributes:
        send_errors: packets that the kernel did not take.
    """

    def __init__(
        self, own: Address, port: int, heard: Callable[[bytes, SocketAddress], None]
    ) -> None:
        """Prepare; `open` binds.

        Args:
            own: the path's local address.
            port: the path's port, 0 for dial-only.
            heard: called with each packet of allowed size and where it came from.
        """
        self._own, self._port, self._heard = own, port, heard
        self._sock: socket.socket | None = None
        self.send_errors = 0

    @property
    def port(self) -> int:
        """The bound port, 0 while it is not open."""
        return 0 if self._sock is None else int(self._sock.getsockname()[1])

    def open(self, loop: asyncio.AbstractEventLoop) -> None:
        """Bind and read from now on; raises OSError."""
        self._sock = udp_socket(self._own, self._port)
        loop.add_reader(self._sock.fileno(), self._readable)

    def close(self, loop: asyncio.AbstractEventLoop) -> None:
        """Stop reading and release the port."""
        if self._sock is not None:
            loop.remove_reader(self._sock.fileno())
            self._sock.close()
            self._sock = None

    def send(self, packet: bytes, target: SocketAddress) -> None:
        """Send now or never."""
        if self._sock is None:
            return
        try:
            self._sock.sendto(packet, target)
        except OSError:
            self.send_errors += 1

    def _readable(self) -> None:
        for _ in range(_PACKETS_PER_WAKE):
            if self._sock is None:
                return
            try:
                # One byte more than allowed shows what is too long.
                packet, source = self._sock.recvfrom(PACKET_MAX + 1)
            except OSError:
                return
            self._heard(packet, source)
