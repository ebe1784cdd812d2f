"""Namespaces of their own for a Samba domain controller and the member that it serves.

All processes live in namespaces for mounts, names, the network and processes, whose first process is the one made
here: when that one ends, all of them end. Nothing listens on the network of the machine; a few ports of its loopback
are passed on into the namespaces, so that the bench can be reached. Needs root on Linux.
"""

import ctypes
import fcntl
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

# The folder of the laboratory as its processes see it. Paths in files of Samba begin with it, so they can be copied.
HERE = "/media"
PATH = f"{HERE}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# The domain controller listens here, in its own network.
ADDRESS = "127.0.0.10"
# Whatever becomes of the bench, nothing outlives this.
LONGEST = 3600

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWPID, CLONE_NEWNET = 0x00020000, 0x04000000, 0x20000000, 0x40000000
MS_REC, MS_PRIVATE, MS_BIND = 0x4000, 1 << 18, 0x1000
LIBC = ctypes.CDLL(None, use_errno=True)


def call(name, *arguments):
    if getattr(LIBC, name)(*arguments) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")


def mount(source, target, kind=None, flags=0, options=None):
    encoded = [value and value.encode() for value in (source, target, kind)]
    call("mount", *encoded, ctypes.c_ulong(flags), options and options.encode())


def start(folder, host, ports, command):
    """Makes the namespaces of a host over a folder, and starts a command in them. They end with who called us."""
    caller = os.pidfd_open(os.getppid())
    reader, writer = os.pipe()
    if os.fork() == 0:
        try:
            outside = os.open("/proc/self/ns/net", os.O_RDONLY)
            call("unshare", CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWPID | CLONE_NEWNET)
            socket.sethostname(host)
            child = os.fork()
            if child == 0:
                first(folder, ports, command, outside, caller, writer)
            with open(os.path.join(folder, "pid"), "w") as file:
                file.write(str(child))
        except BaseException as error:
            os.write(writer, str(error).encode())
        os._exit(0)
    os.close(writer)
    said = os.read(reader, 4096).decode()
    if said != "lives":
        sys.exit(f"samba-gpupdate: no namespaces: {said or 'their first process ended'}")


def first(folder, ports, command, outside, caller, writer):
    """The first process in the namespaces: lays out what is private, starts the command, and passes connections on."""
    try:
        log = os.open(os.path.join(folder, "log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        private_files(folder)
        loopback()
        listeners = [(port, socket.create_server(("127.0.0.1", port), backlog=64)) for port in ports]
        signal.signal(signal.SIGCHLD, reap)
        subprocess.Popen(command)
        for port, listener in listeners:
            threading.Thread(target=pass_on, args=(listener, port, outside), daemon=True).start()
        os.write(writer, b"lives")
        os.close(writer)
        ended = select.poll()
        ended.register(caller, select.POLLIN)
        ended.poll(LONGEST * 1000)
        os._exit(0)
    except BaseException as error:
        os.write(writer, str(error).encode())
    os._exit(1)


def reap(*_):
    """The first process of a namespace inherits all orphans."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def private_files(folder):
    mount(None, "/", flags=MS_REC | MS_PRIVATE)
    mount(folder, HERE, flags=MS_BIND)
    mount("proc", "/proc", "proc")
    # What the programs write to /etc and /run, such as the roots that are trusted, stays here.
    mount("tmpfs", "/run", "tmpfs")
    os.makedirs("/run/etc/new")
    os.makedirs("/run/etc/work")
    mount("overlay", "/etc", "overlay", options="lowerdir=/etc,upperdir=/run/etc/new,workdir=/run/etc/work")
    os.makedirs("/run/samba")
    os.makedirs("/etc/pki/trust/anchors", exist_ok=True)
    for name in ("hosts", "resolv.conf", "krb5.conf"):
        if os.path.lexists(f"/etc/{name}"):
            os.remove(f"/etc/{name}")
        shutil.copy(f"{HERE}/{name}", f"/etc/{name}")


def loopback():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        # SIOCSIFFLAGS: IFF_UP and IFF_RUNNING of lo.
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 0x1 | 0x40))


def pass_on(listener, port, outside):
    """Connects each caller with the same port of the machine. This thread alone goes outside for that."""
    call("setns", outside, CLONE_NEWNET)
    while True:
        caller, _ = listener.accept()
        try:
            callee = socket.create_connection(("127.0.0.1", port), timeout=10)
            callee.settimeout(None)
        except OSError:
            caller.close()
            continue
        for source, target in ((caller, callee), (callee, caller)):
            threading.Thread(target=copy, args=(source, target), daemon=True).start()


def copy(source, target):
    try:
        while octets := source.recv(65536):
            target.sendall(octets)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        # The other direction ends by the same.
        pass


def pid(folder):
    """The first process of the namespaces; none when it has ended."""
    try:
        with open(os.path.join(folder, "pid")) as file:
            number = int(file.read())
        if os.readlink(f"/proc/{number}/ns/pid") != os.readlink("/proc/self/ns/pid"):
            return number
    except (FileNotFoundError, ValueError):
        pass
    return None


def run(folder, command, **options):
    """Runs a command in the namespaces."""
    enter = ["nsenter", f"--target={pid(folder)}", "--mount", "--uts", "--net", "--pid", "--"]
    return subprocess.run(enter + command, **options)


def stop(folder):
    """Ends the first process of the namespaces, and with it all others there."""
    first_process = pid(folder)
    if first_process is None:
        return
    os.kill(first_process, signal.SIGKILL)
    for _ in range(100):
        if not os.path.exists(f"/proc/{first_process}"):
            break
        time.sleep(0.05)
