"""Tries to change what later ones run on: Python, Java, jars, archives, commands. It changes nothing where it can."""

import contextlib
import os
import shutil
import sys
import sysconfig

from verdict import mounts, tell, within

within(110)
own = [os.path.realpath(each) for each in (os.getcwd(), "/w205", "/tmp", os.environ.get("HOME", "/tmp"))]
roots = [sys.prefix, sys.base_prefix, sysconfig.get_paths()["purelib"], sysconfig.get_paths()["stdlib"]]
roots += os.environ.get("PATH", "").split(":")
for program in ("java", "python", "spark-submit", "hadoop", "kafka-topics", "presto", "ab", "kafkacat"):
    where = shutil.which(program)
    if where:
        roots.append(os.path.dirname(os.path.dirname(os.path.realpath(where))))
roots += [os.path.dirname(path) for path in os.environ.get("CLASSPATH", "").split(":") if path]
roots += ["/etc", "/usr", "/opt", "/lib", "/bin"]
private = {device for device, _, kind in mounts() if kind == "tmpfs"}  # a file system of the sandbox' own
opened, created, touched, looked = [], [], [], 0
for root in dict.fromkeys(os.path.realpath(each) for each in roots if each):
    for top, folders, files in os.walk(root):
        if any(os.path.realpath(top) == each or os.path.realpath(top).startswith(each + "/") for each in own):
            folders[:] = []
            continue
        if os.stat(top).st_dev in private:
            continue
        with contextlib.suppress(OSError):
            name = os.path.join(top, ".tampered")
            with open(name, "x"):
                created.append(name)
            os.remove(name)
        for name in files:
            path = os.path.join(top, name)
            if not os.path.isfile(path) or (looked > 2_000 and not name.endswith((".jar", ".jsa", ".pth", ".so"))):
                continue
            looked += 1
            with contextlib.suppress(OSError):
                os.close(os.open(path, os.O_WRONLY | os.O_NOFOLLOW))
                opened.append(path)
            with contextlib.suppress(OSError):
                times = os.stat(path)
                os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
                touched.append(path)
    if looked > 60_000:
        break
tell(f"{len(opened)} of {looked} files can be written {opened[:3]}", bool(opened))
tell(f"{len(touched)} files can be given another time {touched[:3]}", bool(touched))
tell(f"{len(created)} folders take a new file {created[:3]}", bool(created))
