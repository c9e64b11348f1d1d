"""Escape attempts from inside the sandbox: code runs where the parsers run and tries the door.

Each attempt is Python in a process that went through the same ``sandbox.enter`` as a worker.
"""

import json
import mmap
import os
import platform
import socket
import subprocess
import sys
import textwrap

import pytest

from collectors.recognise import seccomp_linux

ATTEMPTS = {
    "read a file": "open('/etc/passwd').read()",
    "read a secret file": "open('/etc/shadow').read()",
    "write a file": "os.open('/tmp/escaped', os.O_CREAT | os.O_WRONLY)",
    "write to a descriptor on a file": "os.write(FILE, b'x')",
    "open a file by its descriptor": "open(f'/proc/self/fd/{FILE}').read()",
    "open a file by its descriptor, to write": "os.open(f'/proc/self/fd/{FILE}', os.O_RDWR)",
    "cut off the file of a descriptor": "os.ftruncate(FILE, 0)",
    "change the rights of a file by its descriptor": "os.fchmod(FILE, 0o777)",
    "list a folder": "os.listdir('/')",
    "ask for the status of a file": "os.stat('/etc/passwd')",
    "unlink": "os.unlink('/tmp/no-such-file')",
    "rename": "os.rename('/tmp/a', '/tmp/b')",
    "hard link": "os.link('/etc/passwd', '/tmp/escaped')",
    "link": "os.symlink('/etc/passwd', '/tmp/escaped')",
    "make a folder": "os.mkdir('/tmp/escaped')",
    "connect to the network": "socket.socket().connect(('127.0.0.1', 9))",
    "send a datagram": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
    "connect to a unix socket": "socket.socket(socket.AF_UNIX).connect('/run/x')",
    "fork": "os.fork() or os._exit(0)",
    "start a thread": "threading.Thread(target=int).start()",
    "run a program": "os.execv('/bin/true', ['true'])",
    "signal its parent": "os.kill(os.getppid(), 0)",
    "signal everybody": "os.kill(-1, 0)",
    "become root": "os.setuid(0)",
    "change its groups": "os.setgroups([0])",
    "trace another": "call('ptrace', 16, 1, 0, 0)",
    "new namespaces": "call('unshare', 0x10000000)",
    "a ring of calls": "call('syscall', 425, 8, bytes(120))",
    "open by the newer call": "call('syscall', 437, -100, b'/etc/passwd', bytes(24), 24)",
    "hold another process": "call('syscall', 434, os.getppid(), 0)",
    "a pair of sockets": "socket.socketpair()",
    "mount": "call('mount', None, b'/tmp', b'tmpfs', 0, None)",
    "lift its own limits": "resource.setrlimit(resource.RLIMIT_AS, (-1, -1))",
    "take a gigabyte": "bytearray(1 << 30)",
    "make memory executable": "mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC)",
    "send a descriptor": "socket.send_fds(CHANNEL, [b'x'], [0])",
    "change its name": "call('prctl', 15, b'init', 0, 0, 0)",
    "become dumpable again": "call('prctl', 4, 1, 0, 0, 0)",
}
# Python answers a refused limit with ValueError and a thread that cannot start with RuntimeError.
REFUSALS = ("PermissionError", "OSError", "MemoryError", "RuntimeError", "ValueError")
SCRIPT = textwrap.dedent("""
    import ctypes, json, mmap, os, resource, socket, sys, threading
    from collectors.recognise import sandbox
    CHANNEL = socket.socket(fileno=int(sys.argv[1]))
    FILE = int(sys.argv[2])
    libc = ctypes.CDLL(None, use_errno=True)

    def call(name, *arguments):
        if getattr(libc, name)(*arguments) < 0:
            raise OSError(ctypes.get_errno(), name)

    attempts = json.loads(sys.argv[3])
    code = {name: compile(text, name, "eval") for name, text in attempts.items()}
    "warm".encode("idna")
    {enter}
    for name in attempts:
        try:
            eval(code[name])
            result = "ESCAPED"
        except Exception as error:
            result = type(error).__name__
        CHANNEL.send(json.dumps([name, result]).encode())
    CHANNEL.send(b"null")
""")


def results_of(path, enter):
    """What came of every attempt, by name, in a process that has entered a sandbox."""
    file = os.open(path, os.O_RDWR | os.O_CREAT)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    arguments = [str(theirs.fileno()), str(file), json.dumps(ATTEMPTS)]
    script = SCRIPT.replace("{enter}", enter)
    child = subprocess.Popen(
        [sys.executable, "-c", script, *arguments], pass_fds=[theirs.fileno(), file]
    )
    theirs.close()
    ours.settimeout(30)
    found = {}
    while packet := ours.recv(4096):
        said = json.loads(packet)
        if said is None:
            break
        found[said[0]] = said[1]
    child.wait(30)
    ours.close()
    os.close(file)
    return found


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """What came of every attempt in the worker's sandbox."""
    return results_of(tmp_path_factory.mktemp("sandbox") / "file", "sandbox.enter('nobody')")


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_there_is_no_way_out(results, attempt):
    assert results[attempt] in REFUSALS


def test_the_kinds_of_attempt_that_are_promised_are_all_made():
    promised = ("read a file", "write a file", "list a folder", "unlink", "connect to the network",
                "connect to a unix socket", "fork", "run a program", "signal", "become root",
                "trace", "take a gigabyte", "link", "rename", "new namespaces",
                "open a file by its descriptor")  # fmt: skip
    assert all(any(made.startswith(kind) for made in ATTEMPTS) for kind in promised)


def test_outside_the_sandbox_the_same_attempts_would_have_worked():
    """An attempt that fails anyway proves nothing: most of these succeed where nothing holds."""
    os.listdir("/")
    os.stat("/etc/passwd")
    with open("/etc/passwd") as file, socket.socket(socket.AF_INET, socket.SOCK_DGRAM):
        assert file.read()
    with mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC):
        assert len(bytearray(1 << 30)) == 1 << 30


def test_every_listed_processor_has_the_calls_it_needs():
    for machine, calls in seccomp_linux._CALLS.items():
        assert {"read", "recvmsg", "sendto", "lseek", "mmap", "exit_group", "futex"} <= set(calls)
        assert not {"open", "openat", "socket", "execve", "clone", "stat", "fstat"} & set(calls)
        program = seccomp_linux.program(seccomp_linux._ARCHES[machine], calls)
        assert len(program) % 8 == 0


def test_this_processor_is_listed():
    assert platform.machine() in seccomp_linux._CALLS
