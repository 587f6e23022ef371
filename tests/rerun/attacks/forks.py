"""Makes processes without end, to a bound of its own."""

import os
import signal
import time

from verdict import tell, within

MOST = 3000
within(60)
children = []
problem = ""
try:
    while len(children) < MOST:
        pid = os.fork()
        if pid == 0:
            signal.alarm(30)
            time.sleep(30)
            os._exit(0)
        children.append(pid)
except OSError as error:
    problem = f", then {error}"
tell(f"{len(children)} processes at once{problem}", len(children) >= MOST)
for pid in children:
    os.kill(pid, signal.SIGKILL)
