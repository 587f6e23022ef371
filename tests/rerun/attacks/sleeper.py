"""A job that never ends by itself, and ends for no signal that can be refused."""

import signal
import time

from pyspark.sql import SparkSession
from verdict import within

within(110)

for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(each, signal.SIG_IGN)
spark = SparkSession.builder.appName("sleeper").getOrCreate()
print("the job sleeps", flush=True)
until = time.monotonic() + 100
while time.monotonic() < until:
    time.sleep(1)
