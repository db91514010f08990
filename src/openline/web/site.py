"""One listener of a desk server as an application, apart from its sockets: two sites, one guard."""

from dataclasses import dataclass

from openline.web.config import DeskServerConfig
from openline.web.desks import Desks
from openline.web.guard import Guard, Names, Site, audio_headers, console_headers
from openline.web.pages import AudioSite, ConsoleSite
from openline.web.sessions import Sessions
from openline.web.signin import LaunchTokens


@dataclass(frozen=True, slots=True)
class Shared:
    """What all listeners of one desk server have in common."""

    tokens: LaunchTokens
    desks: Desks
    sessions: Sessions


def build(config: DeskServerConfig, names: Names, shared: Shared) -> Guard:
    """Put the two sites behind the guard.

    Raises:
        ConfigError: ``web.config`` if the recorded voice cannot be read.
    """
    console = ConsoleSite(config, names, shared.tokens, shared.desks, shared.sessions)
    media = AudioSite(config, names)
    sites = {
        names.console_host: Site(
            app=console.app, headers=console_headers(names, config.frame_ancestors)
        ),
        names.audio_host: Site(
            app=media.app,
            headers=audio_headers(names, frame_ancestors=config.frame_ancestors),
        ),
    }
    return Guard(names, sites, config.language)
