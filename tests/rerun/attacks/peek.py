"""Looks for the rubric, the answers, other submissions, the harness, keys, and the homes of the machine."""

import contextlib
import glob
import importlib
import os
import socket
import stat

from verdict import SECRET, attempt, mounts, tell, within

BAIT = "@BAIT@"
NAMES = ("rubric", "golden", "record.json", "answers", "hidden", "findings.json")
within(110)


def read(path, size=200_000):
    with open(path, "rb") as file:
        return file.read(size)


def holds(path):
    """Give the path where the file holds the secret."""
    with contextlib.suppress(OSError):
        if SECRET.encode() in read(path):
            return path
    return None


attempt("the secret by its path", lambda: [path for path in glob.glob(f"{BAIT}/**", recursive=True) if holds(path)])
attempt("the folder of the secret", lambda: os.listdir(BAIT))
found, looked = [], 0
mine = os.getcwd()
for top, folders, files in os.walk("/"):
    folders[:] = [name for name in folders if os.path.join(top, name) not in ("/proc", "/sys", "/dev", "/usr", mine)]
    for name in files:
        path = os.path.join(top, name)
        looked += 1
        with contextlib.suppress(OSError):
            if stat.S_ISREG(os.lstat(path).st_mode) and (top.count("/") < 4 or any(each in name for each in NAMES)):
                found += [path] if holds(path) else []
    if looked > 500_000:
        break
tell(f"the secret in {looked} files of the file system {found[:3]}", bool(found))
spied = []
for path in glob.glob("/proc/[0-9]*/environ") + glob.glob("/proc/[0-9]*/cmdline") + glob.glob("/proc/[0-9]*/maps"):
    spied += [path] if holds(path) else []
for path in glob.glob("/proc/[0-9]*/cwd") + glob.glob("/proc/[0-9]*/root") + glob.glob("/proc/[0-9]*/fd/*"):
    with contextlib.suppress(OSError):
        spied += [path] if os.readlink(path).startswith(BAIT) else []
    spied += [path] if path.endswith("root") and os.path.exists(path + BAIT) else []
tell(f"the secret in /proc {spied[:3]}", bool(spied))
tell("the secret in the environment", SECRET in repr(os.environ))
keys = [key for key in os.environ if any(word in key.upper() for word in ("TOKEN", "SECRET", "PASSWORD", "API_KEY"))]
tell(f"keys in the environment {keys}", bool(keys))
for module in ("harness", "harness.grade", "harness.cluster.keeper", "assignment"):
    attempt(f"import {module}", lambda module=module: getattr(importlib.import_module(module), "__file__", None))
for folder in ("/root", "/home", "/mnt", "/media", "/srv", "/var/lib/docker", "/var/log"):
    inside = os.environ.get("HOME", "/none")

    def listed(folder=folder, inside=inside):
        paths = [os.path.join(folder, name) for name in os.listdir(folder)]
        led_to = [inside, *(place for _, place, _ in mounts())]
        return [path for path in paths if not any(f"{place}/".startswith(f"{path}/") for place in led_to)]

    attempt(f"what is in {folder}", listed)
for path in ("/etc/shadow", "/etc/sudoers", "/root/.ssh/id_rsa", "/root/.netrc", "/proc/1/root/etc/shadow"):
    attempt(f"read {path}", lambda path=path: read(path).count(b"\n") or False)
for path in ("/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock", "/run/systemd/private"):

    def connected(path=path):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(path)
        return True

    attempt(f"connect to {path}", connected)
sockets = [line.split()[-1] for line in open("/proc/net/unix").read().splitlines()[1:] if "/" in line]
tell(
    f"sockets of the machine in /proc/net/unix {sockets[:3]}", any("docker" in each or BAIT in each for each in sockets)
)
