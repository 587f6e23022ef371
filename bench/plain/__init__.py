"""The standard run without the harness: the same servers and commands, as a script by hand has them."""
