"""One desk server as an application, apart from its sockets: both sites behind the guard."""

from openline.web.config import DeskServerConfig
from openline.web.desks import Desks
from openline.web.guard import Guard, Names, Site, audio_headers, console_headers
from openline.web.pages import AudioSite, ConsoleSite
from openline.web.signin import LaunchTokens


def build(config: DeskServerConfig, names: Names, tokens: LaunchTokens, desks: Desks) -> Guard:
    """Put the two sites behind the guard.

    Raises:
        ConfigError: ``web.config`` if the recorded voice cannot be read.
    """
    console = ConsoleSite(config, names, tokens, desks)
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
