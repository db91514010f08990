"""One post's decisions: the facade is :class:`openline.engine.post.Post`."""
