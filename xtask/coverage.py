"""Which lines of the core no scenario reaches, compared with the list in tests/uncovered-core.txt.

    cargo xtask coverage

The program runs the whole suite once, with a breakpoint at each address that the line table has for crates/core/src, which is taken
away when it is hit. So it needs nothing but llvm-dwarfdump, readelf and Linux on x86-64, no instrumented build, and the suite takes hardly
longer than otherwise. Lines that only close brackets and derived code are left out.
"""
import collections
import ctypes
import os
import re
import signal
import subprocess
import sys

SOURCES = "crates/core/src/"
# How many lines of the core may stay unreached.
MOST = 40
LIST = "tests/uncovered-core.txt"


def line_table(program):
    """Addresses in .text, each with the file and line whose statement begins there."""
    headers = subprocess.run(["readelf", "-SW", program], capture_output=True, text=True, check=True).stdout
    start, size = re.search(r"\.text\s+PROGBITS\s+(\w+) \w+ (\w+)", headers).groups()
    text = range(int(start, 16), int(start, 16) + int(size, 16))
    dump = subprocess.run(["llvm-dwarfdump", "--debug-line", program], capture_output=True, text=True, check=True).stdout
    table, folders, files, file, name = collections.defaultdict(set), {}, {}, 0, ""
    for line in dump.splitlines():
        if line.startswith("debug_line["):
            folders, files = {}, {}
        elif found := re.match(r'include_directories\[\s*(\d+)\] = "(.*)"', line):
            folders[int(found[1])] = found[2]
        elif found := re.match(r"file_names\[\s*(\d+)\]:", line):
            file = int(found[1])
        elif found := re.match(r'\s+name: "(.*)"', line):
            name = found[1]
        elif found := re.match(r"\s+dir_index: (\d+)", line):
            files[file] = folders.get(int(found[1]), "") + "/" + name
        elif line.startswith("0x"):
            address, number, _, file_number, *flags = line.split()
            _, is_of_core, path = files.get(int(file_number), "").partition(SOURCES)
            if is_of_core and "is_stmt" in flags and "end_sequence" not in flags and number != "0":
                if int(address, 16) in text:
                    table[int(address, 16)].add((path, int(number)))
    return table


class Registers(ctypes.Structure):
    """`struct user_regs_struct` of x86-64 (sys/user.h)."""
    _fields_ = [(name, ctypes.c_ulonglong) for name in (
        "r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss "
        "fs_base gs_base ds es fs gs").split()]


# ptrace(2), personality(2), waitpid(2)
TRACEME, CONT, GETREGS, SETREGS, SETOPTIONS = 0, 7, 12, 13, 0x4200
TRACE_CLONE, KILL_AT_EXIT, NO_RANDOMIZATION, WAIT_FOR_THREADS = 0x8, 0x100000, 0x40000, 0x40000000


def reached(program, arguments, table):
    """The lines that a run of the program reaches."""
    libc = ctypes.CDLL(None)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    child = os.fork()
    if child == 0:
        libc.personality(NO_RANDOMIZATION)
        libc.ptrace(TRACEME, 0, None, None)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.execv(program, [program, *arguments])
    os.waitpid(child, 0)
    libc.ptrace(SETOPTIONS, child, None, TRACE_CLONE | KILL_AT_EXIT)
    with open(f"/proc/{child}/maps", encoding="utf-8") as maps:
        base = next(int(line.split("-")[0], 16) for line in maps if program in line)
    memory = os.open(f"/proc/{child}/mem", os.O_RDWR)
    saved = {base + address: os.pread(memory, 1, base + address) for address in table}
    for address in saved:
        os.pwrite(memory, b"\xcc", address)
    hit, registers = set(), Registers()
    libc.ptrace(CONT, child, None, None)
    while True:
        thread, status = os.waitpid(-1, WAIT_FOR_THREADS)
        if os.WIFEXITED(status) or os.WIFSIGNALED(status):
            if thread == child:
                break
            continue
        stopped_by, passed_on = os.WSTOPSIG(status), 0
        if stopped_by == signal.SIGTRAP and status >> 16 == 0:
            libc.ptrace(GETREGS, thread, None, ctypes.byref(registers))
            address = registers.rip - 1
            if address in saved:
                os.pwrite(memory, saved[address], address)
                hit.add(address)
                registers.rip = address
                libc.ptrace(SETREGS, thread, None, ctypes.byref(registers))
        elif stopped_by not in (signal.SIGSTOP, signal.SIGTRAP):
            passed_on = stopped_by
        libc.ptrace(CONT, thread, None, passed_on)
    if not os.WIFEXITED(status) or os.WEXITSTATUS(status) != 0:
        sys.exit("the suite does not pass; what it reaches says nothing")
    return set().union(*(table[address - base] for address in hit))


def says_something(line):
    return not re.fullmatch(r"[\s\]})?;,]*", line) and not line.strip().startswith("#[derive")


def of_types(lines):
    """Numbers of the lines inside of type declarations: code has them only where it is derived, field by field."""
    inside, numbers = False, set()
    for number, line in enumerate(lines, start=1):
        if inside:
            numbers.add(number)
            inside = not line.startswith("}")
        else:
            inside = re.match(r"(pub(\(\w+\))? )?(struct|enum) .*\{$", line) is not None
            if re.match(r"(pub(\(\w+\))? )?struct .*;$", line):
                numbers.add(number)
    return numbers


def main():
    program = os.path.realpath(sys.argv[1])
    table = line_table(program)
    missed = []
    for path, number in sorted(set().union(*table.values()) - reached(program, ["run", "--jobs", "1"], table)):
        with open(SOURCES + path, encoding="utf-8") as source:
            lines = source.read().splitlines()
        line = lines[number - 1]
        if says_something(line) and number not in of_types(lines):
            missed.append(f"{path}: {line.strip()}")
    with open(LIST, encoding="utf-8") as file:
        listed = [line.rstrip("\n") for line in file]
    entries = [line for line in listed if line and not line.startswith("#")]
    new = list((collections.Counter(missed) - collections.Counter(entries)).elements())
    gone = list((collections.Counter(entries) - collections.Counter(missed)).elements())
    print(f"{len(missed)} lines not reached, {len(new)} of them not listed, {len(gone)} listed for nothing")
    for line in new:
        print(f"not reached: {line}")
    for line in gone:
        print(f"reached, or not there: {line}")
    if len(missed) > MOST:
        print(f"at most {MOST} lines may stay unreached")
    sys.exit(1 if new or gone or len(missed) > MOST else 0)


main()
