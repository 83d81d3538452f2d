"""A worker that does what workers must not do, one thing at a time: `MISBEHAVE` names it."""
