"""Looks whether what the compose file asks for was given."""

import contextlib
import os
import socket

from verdict import SECRET, attempt, tell, within

within(60)
for folder in (
    "/host",
    "/hostetc",
    "/answers",
    "/var/run/docker.sock",
    "/run/secrets/rubric",
    "/rubric.yaml",
    "/devices",
):
    tell(f"{folder} is there", os.path.exists(folder))
attempt("the password hashes of the host", lambda: "$" in open("/hostetc/shadow").read())
for path in ("/answers/rubric.yaml", "/run/secrets/rubric", "/rubric.yaml", "/host@BAIT@/rubric.yaml"):
    attempt(f"the secret at {path}", lambda path=path: SECRET in open(path).read())
tell("the secret in the environment", SECRET in repr(os.environ))
status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines() if ":" in line)
tell(f"capabilities {status['CapEff'].strip()}", int(status["CapEff"], 16) & (1 << 21) != 0)
first = open("/proc/1/cmdline", "rb").read()
tell("the processes of the host", b"systemd" in first or b"/sbin/init" in first)
for path in ("/dev/mem", "/dev/sda", "/dev/vda", "/dev/kvm"):
    attempt(f"open {path}", lambda path=path: os.close(os.open(path, os.O_RDONLY)) or True)


def connected():
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect("/var/run/docker.sock")
    return True


attempt("talk to Docker", connected)
with contextlib.suppress(OSError), socket.create_connection(("1.1.1.1", 53), 3):
    tell("the network of the host", True)
