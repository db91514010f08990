"""A desk without a browser (needs the extra ``openline[headless]``)."""

from openline.headless.desk import HeadlessDesk
from openline.headless.sound import BLOCK_SIZE, RATE_HERTZ, Meter, load_wav, make_tone

__all__ = ["BLOCK_SIZE", "RATE_HERTZ", "HeadlessDesk", "Meter", "load_wav", "make_tone"]
