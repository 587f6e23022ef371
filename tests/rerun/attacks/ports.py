"""Listens where the servers listen, and talks to the servers as no client does."""

import contextlib
import os
import socket
import time
import urllib.request

from verdict import attempt, within

SERVERS = (
    ("kafka", 29092),
    ("zookeeper", 32181),
    ("cloudera", 8020),
    ("cloudera", 9083),
    ("cloudera", 50070),
    ("presto", 8080),
)
within(100)
taken = []


def took(address, port, *options):
    connection = socket.socket()
    for option in options:
        connection.setsockopt(socket.SOL_SOCKET, option, 1)
    connection.bind((address, port))
    connection.listen()
    taken.append(connection)
    return True


def answers(name, port):
    with contextlib.suppress(OSError), socket.create_connection((name, port), 3):
        return True
    return False


for name, port in SERVERS:
    attempt(f"listen on the port of {name}, {port}", lambda port=port: took("0.0.0.0", port) and answers(name, port))
    attempt(
        f"share the port of {name}, {port}",
        lambda port=port: took("127.0.0.1", port, socket.SO_REUSEADDR, socket.SO_REUSEPORT) and answers(name, port),
    )
for port in (5000, 9092):
    with contextlib.suppress(OSError):
        took("0.0.0.0", port)
        print(f"listens on {port}, which is its own to use", flush=True)
for name, port in SERVERS:
    with contextlib.suppress(OSError):
        for garbage in (
            os.urandom(65536),
            b"\x7f\xff\xff\xff" + b"\0" * 1000,
            b"GET / HTTP/1.0\r\n\r\n",
            b"kill",
            b"\x16\x03\x01",
        ):
            with socket.create_connection((name, port), 3) as connection:
                connection.sendall(garbage)
    print(f"garbage was sent to {name}:{port}", flush=True)
for method, path, body in (
    ("PUT", "/v1/info/state", b'"SHUTTING_DOWN"'),
    ("POST", "/v1/statement", b"select " + b"(" * 100_000),
):
    with contextlib.suppress(OSError):
        headers = {"Content-Type": "application/json", "X-Presto-User": "root"}
        request = urllib.request.Request(f"http://presto:8080{path}", body, headers, method=method)
        urllib.request.urlopen(request, timeout=5).read(1000)
idle = []
with contextlib.suppress(OSError):
    for name, port in SERVERS * 50:
        idle.append(socket.create_connection((name, port), 2))
print(f"{len(idle)} connections say nothing", flush=True)
time.sleep(5)
for name, port in SERVERS:
    print(f"{name}:{port} {'still answers' if answers(name, port) else 'is down'}", flush=True)
