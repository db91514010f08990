"""Pairing: which two desks are joined, under which generation (docs/spec/voice.md section 2).

Two posts have to agree that both desks began afresh together: a certificate is
made per page, so a reload on one side needs a new connection on the other. Each
side announces its leg with a generation; two legs of one generation are joined.
Pure: events in, actions out.
"""

from dataclasses import dataclass, replace

from openline.voice.legs import FarLeg, LegOffer


@dataclass(frozen=True, slots=True)
class SendLeg:
    """Announce our leg: in the CONTROL object ``legs``, under the number of the pair."""

    leg: FarLeg


@dataclass(frozen=True, slots=True)
class AnswerDesk:
    """Give our desk its answer: ``endpoint.answer(desk, far, active=...)``."""

    desk: bytes
    far: FarLeg


@dataclass(frozen=True, slots=True)
class RenewDesk:
    """Ask our desk for a new connection (``{t:"reset"}``); it will offer again."""

    desk: bytes


PairingAction = SendLeg | AnswerDesk | RenewDesk


class Pairing:
    """One pair of desks, as the post of one of them sees it."""

    def __init__(self) -> None:
        """Start with no desk on either side."""
        self._own: FarLeg | None = None
        self._far: FarLeg | None = None
        self._joined: tuple[int, str] | None = None
        self._highest = 0
        self._renewing = False

    @property
    def joined(self) -> bool:
        """Both desks are known and of one generation."""
        return self._joined is not None

    @property
    def generation(self) -> int:
        """Generation of our own leg, 0 if there is none."""
        return self._own.generation if self._own else 0

    def offered(self, offer: LegOffer) -> list[PairingAction]:
        """Our desk offered, as the endpoint read it.

        A page whose post was restarted names the generation that its standing
        connection was joined under, and the connection lives on.
        """
        own, far, generation = self._own, self._far, offer.generation
        self._renewing = False
        same_page = own is not None and own.fingerprint == offer.fingerprint
        if own is not None and same_page:
            generation = own.generation
        elif generation == 0:
            generation = self._fresh_generation()
        self._highest = max(self._highest, generation)
        self._own = FarLeg(
            generation=generation,
            desk=offer.desk,
            fingerprint=offer.fingerprint,
            ssrcs=offer.ssrcs,
            red=offer.red,
            joined=own.joined if own is not None and same_page else b"",
        )
        if not same_page:
            self._joined = None
        if far is not None and far.generation == generation:
            return self._join(far, again=True)
        actions: list[PairingAction] = [SendLeg(self._own)]
        if far is not None and far.generation > generation:
            actions += self._renew()
        return actions

    def far_received(self, far: FarLeg) -> list[PairingAction]:
        """The peer announced its desk."""
        self._far = far
        self._highest = max(self._highest, far.generation)
        own = self._own
        if own is None or far.generation < own.generation:
            return []
        if far.generation > own.generation:
            return self._renew()
        if self._joined is None:
            return self._join(far)
        if self._joined != (far.generation, far.fingerprint):
            return self.renew()
        return []

    def renew(self) -> list[PairingAction]:
        """Begin anew with both desks, as after ten minutes without the link."""
        self._joined = None
        if self._own is None:
            return []
        # A generation above both: the far desk will have to begin anew as well.
        self._highest = max(self._highest, self._own.generation)
        self._own = replace(self._own, generation=0, fingerprint="", joined=b"")
        return self._renew()

    def far_gone(self) -> list[PairingAction]:
        """The far desk left and stays away: ours begins anew, ready for the next."""
        self._far = None
        return [] if self._joined is None else self.renew()

    def dropped(self, desk: bytes) -> None:
        """Our desk is gone."""
        if self._own is not None and self._own.desk == desk:
            self._own = None
            self._joined = None
            self._renewing = False

    def _fresh_generation(self) -> int:
        far = self._far
        own_generation = self._own.generation if self._own else 0
        waiting = far is not None and far.joined == b"" and far.generation == self._highest
        if far is not None and waiting and far.generation > own_generation:
            return far.generation
        return self._highest + 1

    def _renew(self) -> list[PairingAction]:
        if self._renewing or self._own is None:
            return []
        self._renewing = True
        return [RenewDesk(self._own.desk)]

    def _join(self, far: FarLeg, *, again: bool = False) -> list[PairingAction]:
        own = self._own
        if own is None:
            return []
        announced = replace(own, joined=far.desk)
        self._own = announced
        self._joined = (far.generation, far.fingerprint)
        actions: list[PairingAction] = [AnswerDesk(own.desk, far)]
        if again or announced != own:
            actions.insert(0, SendLeg(announced))
        return actions
