"""Looks for what the submission before left: files, processes, topics, folders."""

import contextlib
import json
import os
import urllib.request

from kafka import KafkaConsumer
from verdict import tell, within

within(60)
left = [path for path in ("/tmp/left-by-a-daemon", "/w205/left-by-a-daemon", "/dev/shm/left") if os.path.exists(path)]
tell(f"files that were left {left}", bool(left))
running = []
for name in os.listdir("/proc"):
    if name.isdigit():
        with contextlib.suppress(OSError):
            words = open(f"/proc/{name}/cmdline", "rb").read().decode("utf-8", "replace")
            running += [name] if "daemon.py" in words or "987654" in words else []
tell(f"processes that were left {running}", bool(running))
topics = sorted(name for name in KafkaConsumer(bootstrap_servers="kafka:29092").topics() if name.startswith("left"))
tell(f"topics that were left {topics}", bool(topics))
with urllib.request.urlopen("http://cloudera:50070/webhdfs/v1/tmp?op=LISTSTATUS&user.name=root", timeout=20) as answer:
    names = [each["pathSuffix"] for each in json.load(answer)["FileStatuses"]["FileStatus"]]
tell(f"folders that were left {names}", any(name.startswith("left") for name in names))
