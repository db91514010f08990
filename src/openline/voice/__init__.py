"""Voice: the ICE-lite endpoint for the post's own desks and the media relay."""
