"""Cannot be imported."""

raise RuntimeError("the licence has run out")
