"""The duty officer's page and its server: :class:`DeskServer` and its settings."""

from openline.web.config import DeskServerConfig, HttpsConfig
from openline.web.metrics import MetricsServer
from openline.web.server import DeskServer

__all__ = ["DeskServer", "DeskServerConfig", "HttpsConfig", "MetricsServer"]
