"""The demo: two real posts on this machine, cut, killed and altered before one's eyes.

Nothing here is part of a post. The demo makes two posts by the same functions
as ``openline init`` and ``openline card``, runs each as its own process, and
stands itself on the paths between them (:mod:`.forwarder`), so that a path can
be cut in mid-word on one machine and without root. Every figure that it shows
was counted by a post or measured in a desk's page.
"""
