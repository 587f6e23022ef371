"""The running backend: a cluster that exists, and is others' too."""
