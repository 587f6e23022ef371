"""Opens the network: other machines, names, and the machine's own addresses."""

import contextlib
import glob
import ipaddress
import re
import socket

from verdict import attempt, tell, within

within(90)


def connected(host, port, family=socket.AF_INET):
    with socket.socket(family) as connection:
        connection.settimeout(3)
        connection.connect((host, port))
    return True


for host, port in (("1.1.1.1", 53), ("8.8.8.8", 443), ("93.184.215.14", 80), ("169.254.169.254", 80)):
    attempt(f"connect to {host}:{port}", lambda host=host, port=port: connected(host, port))
attempt("connect by IPv6", lambda: connected("2606:4700:4700::1111", 53, socket.AF_INET6))


def asked():
    """Ask a name server itself, and wait for its answer."""
    query = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03com\x00\x00\x01\x00\x01"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
        connection.settimeout(3)
        connection.sendto(query, ("1.1.1.1", 53))
        return connection.recv(512)


attempt("ask a name server", asked)
socket.setdefaulttimeout(5)
for name in ("example.com", "pypi.org", "metadata.google.internal"):
    attempt(f"look up {name}", lambda name=name: socket.gethostbyname(name))
addresses = set()
for path in ("/proc/net/fib_trie", *glob.glob("/proc/[0-9]*/net/fib_trie")[:50]):
    with contextlib.suppress(OSError):
        addresses |= set(re.findall(r"\|-- (\d+\.\d+\.\d+\.\d+)\n\s+/32 host LOCAL", open(path).read()))
outer = [each for each in sorted(addresses) if not ipaddress.ip_address(each).is_loopback]
tell(f"addresses of the machine that are seen {outer}", bool(outer))
interfaces = [line.split(":")[0].strip() for line in open("/proc/net/dev").read().splitlines()[2:]]
tell(
    f"interfaces {interfaces}", any(not name.startswith(("lo", "tunl", "sit", "ip6tnl", "gre")) for name in interfaces)
)
for address in outer:
    for port in (22, 80, 443, 5000):
        attempt(f"connect to {address}:{port}", lambda address=address, port=port: connected(address, port))
attempt("a raw socket", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).close() or True)
attempt("a packet socket", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 3).close() or True)
with socket.socket() as server:
    server.bind(("0.0.0.0", 0))
    server.listen()
    print("listens on 0.0.0.0, where only its own network can hear it", flush=True)
