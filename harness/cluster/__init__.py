"""Clusters: the protocol, its backends, the servers and their probes, and the toolchain."""
