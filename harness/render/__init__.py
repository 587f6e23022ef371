"""Renderers: pure functions from a `Record` to text. `renderers` names them all."""
