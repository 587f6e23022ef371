"""Which tests run side by side in `./run test`: those of our own logic. A cluster has the machine to itself."""

from __future__ import annotations

from pathlib import PurePosixPath

from xdist.scheduler.loadscope import LoadScopeScheduling

TOGETHER = {"jobs": "spark", "browser": "machine", "integration": "machine", "rerun": "machine", "faults": "machine"}
"""What one worker takes as a whole, by the folder of the tests: those that share a Spark, and all that need a cluster
or look for what one has left on the machine.
"""


class OneClusterAtATime(LoadScopeScheduling):
    """Gives workers test after test in the order of the command line, and the tests of some folders to one of them."""

    def _split_scope(self, nodeid: str) -> str:
        """Give the name of what one worker takes as a whole."""
        folder = PurePosixPath(nodeid.partition("::")[0]).parts[1]
        return TOGETHER.get(folder, nodeid)
