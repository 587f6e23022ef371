"""Asks the kernel for more than a submission may have. What it gets, it gives back."""

import ctypes
import os
import stat
import sys
import tempfile

from verdict import attempt, tell, within

within(60)
libc = ctypes.CDLL(None, use_errno=True)
NEWNS, NEWUSER, NEWPID = 0x20000, 0x10000000, 0x20000000
ATTACH, DETACH = 16, 17
REMOUNT, BIND, DETACH_MOUNT = 32, 4096, 2


def called(name, *arguments):
    if getattr(libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return True


status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines() if ":" in line)
for kind in ("CapEff", "CapPrm", "CapInh", "CapAmb"):
    tell(f"capabilities, {kind} {status[kind].strip()}", int(status[kind], 16) != 0)
tell("programs with the setuid bit would work", status["NoNewPrivs"].strip() == "0")
if os.getuid() != 0:
    attempt("become root", lambda: os.setuid(0) or True)


def mounted():
    """Mount something on a new folder, and take it away again."""
    folder = tempfile.mkdtemp()
    try:
        called("mount", b"none", folder.encode(), b"tmpfs", 0, None)
        return called("umount2", folder.encode(), DETACH_MOUNT)
    finally:
        os.rmdir(folder)


def left_by_chroot():
    """Change the root of a child."""
    pid = os.fork()
    if pid == 0:
        try:
            os.chroot(tempfile.gettempdir())
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitpid(pid, 0)[1] == 0


attempt("mount a file system", mounted)
attempt("make the system writable", lambda: called("mount", None, b"/usr", None, REMOUNT | BIND, None))
attempt("leave by chroot", left_by_chroot)


def _open(path, flags=os.O_RDWR):
    os.close(os.open(path, flags))
    return True


for path in ("/dev/mem", "/dev/rtc0", "/dev/kmem", "/dev/port", "/dev/kmsg", "/dev/kvm", "/dev/fuse", "/dev/sda",
             "/dev/vda", "/dev/nvme0n1",
             "/dev/loop-control", "/dev/net/tun", "/dev/mapper/control", "/proc/kcore", "/proc/sysrq-trigger",
             "/proc/sys/kernel/core_pattern", "/proc/sys/vm/drop_caches", "/proc/1/mem",
             "/proc/1/oom_score_adj"):  # fmt: skip
    first = open("/proc/1/cmdline", "rb").read().split(b"\0")[0]
    if not path.startswith("/proc/1/") or first != b"bwrap":  # the sandbox's own first process has no right either
        attempt(
            f"open {path}", lambda path=path: _open(path, os.O_WRONLY if path.startswith("/proc/sys") else os.O_RDWR)
        )


def made(number):
    name = os.path.join(tempfile.gettempdir(), f"device-{os.getpid()}")
    os.mknod(name, stat.S_IFBLK | 0o600, os.makedev(*number))
    try:
        return _open(name, os.O_RDONLY)
    finally:
        os.remove(name)


for number in ((8, 0), (252, 0), (259, 0), (7, 0)):
    attempt(f"make the block device {number}", lambda number=number: made(number))
groups = [f"/sys/fs/cgroup{middle}/cgroup.procs" for middle in ("", "/memory", "/pids", "/..")]
for path in groups:
    attempt(f"leave the control group by {path}", lambda path=path: _open(path, os.O_WRONLY))
for name in os.listdir("/proc"):
    if name.isdigit() and int(name) != os.getpid():
        try:
            words = open(f"/proc/{name}/cmdline", "rb").read()
        except OSError:
            continue
        if b"pytest" in words or b"-m\0harness" in words or b"QuorumPeerMain" in words or b"kafka.Kafka" in words:

            def traced(pid=int(name)):
                called("ptrace", ATTACH, pid, None, None)
                os.waitpid(pid, 0)
                return called("ptrace", DETACH, pid, None, None)

            attempt(f"trace {name}, {words[:60]!r}", traced)
if os.fork() == 0:
    try:
        called("unshare", NEWUSER | NEWNS)
        print("a user namespace of its own, in which it is root over nothing", flush=True)
        attempt(
            "make the system writable from there", lambda: called("mount", None, b"/usr", None, REMOUNT | BIND, None)
        )
        attempt("write to the system from there", lambda: _open("/usr/.escaped", os.O_CREAT | os.O_WRONLY))
    except OSError as problem:
        tell(f"a user namespace of its own ({problem})", False)
    sys.stdout.flush()
    os._exit(0)
os.wait()
attempt(
    "join the namespaces of process 1's parent", lambda: called("setns", os.open("/proc/1/ns/user", os.O_RDONLY), 0)
)
