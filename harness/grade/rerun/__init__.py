"""The rerun: a submission's own commands on the real stack, in a sandbox, one record of what they printed."""
