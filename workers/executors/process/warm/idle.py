"""Python, started before it is wanted: waits at the start gate, then becomes `python3 -u SCRIPT ARGS`, once.

It imports nothing that Python has not imported by itself, and leaves nothing of its own behind.
"""
import os
import sys


def mark(attempt):
    """Writes the attempt's id where the machine looks for it: into the environment the process was started with."""
    with open("/proc/self/stat", "rb") as file:
        start = int(file.read().rsplit(b") ", 1)[1].split()[47])
    with open("/proc/self/environ", "rb") as file:
        at = (b"\0" + file.read()).index(b"\0DAGBOK_ATTEMPT_ID=") + len(b"DAGBOK_ATTEMPT_ID=")
    memory = os.open("/proc/self/mem", os.O_WRONLY)
    os.pwrite(memory, attempt, start + at)
    os.close(memory)


def exactly(count):
    parts = b""
    while len(parts) < count:
        part = os.read(3, count - len(parts))
        if not part:
            os._exit(70)
        parts += part
    return parts


def begin():
    mark(b"0" * 36)
    os.write(3, b"r")
    fields = exactly(int(exactly(8), 16)).split(b"\0")
    attempt, cwd, path, count = fields[:4]
    rest = fields[4:]
    args, variables = rest[: int(count)], rest[int(count) :]
    mark(attempt)
    os.close(3)
    os.chdir(cwd)
    os.environb.clear()
    for variable in variables:
        name, value = variable.split(b"=", 1)
        os.environb[name] = value
    return os.fsdecode(path), [os.fsdecode(arg) for arg in args]


def become(path, args):
    sys.argv[:] = [path, *args]
    sys.orig_argv[:] = [sys.orig_argv[0], "-u", path, *args]
    # As Python names its script: absolute since 3.9, otherwise as it was written.
    whole = path if sys.version_info < (3, 9) else os.path.join(os.getcwd(), path)
    sys.path[0] = os.path.dirname(os.path.realpath(path))
    site = sys.modules.get("site")
    if site is not None and site.ENABLE_USER_SITE is not None:
        site.USER_BASE = site.USER_SITE = None
        site.getusersitepackages()
    return whole


def run(whole):
    main = sys.modules["__main__"].__dict__
    system, builtins, loader = sys, __builtins__, type(__loader__)
    annotated = "__annotations__" in main
    main.clear()
    main.update(
        __name__="__main__",
        __doc__=None,
        __package__=None,
        __loader__=loader("__main__", whole),
        __spec__=None,
        __builtins__=builtins,
        __file__=whole,
        __cached__=None,
    )
    if annotated:
        main["__annotations__"] = {}
    entered = False
    try:
        with open(whole, "rb") as file:
            code = compile(file.read(), whole, "exec", dont_inherit=True)
        entered = True
        exec(code, main)
    except SystemExit:
        raise
    except BaseException as error:
        # Told without the frames of this file: a traceback begins where the script does. The end is Python's own.
        error.__traceback__ = error.__traceback__.tb_next if entered else None
        system.excepthook(type(error), error, error.__traceback__)
        system.excepthook = lambda *_: None
        raise


run(become(*begin()))
