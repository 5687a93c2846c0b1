"""One module a kind of file, each with ``look`` (cheap: what is this?) and ``read`` (all of it)."""
