"""Unpacks what `just dist` made into empty folders and sends the page's sample with it, on
a machine that has no Rust.

    python3 install_test.py DIST VERSION CMAKE

DIST holds the packages; the program among them plays the platform. CMAKE is cmake.
"""

import gzip
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "bindings/c/tests"))
import emulated  # noqa: E402  (what the C library's own test does)


def begin(what):
    print(what)
    emulated.BEGINNING = time.monotonic()


def one(folder, pattern):
    (found,) = folder.glob(pattern)
    return found


def unpack(archive, folder):
    """What the archive holds, below its own folder."""
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return one(folder, "*")


def unpack_deb(packages, folder):
    for package in packages:
        subprocess.run(["dpkg-deb", "-x", package, folder], check=True)
    return folder / "usr"


def check_program(program, version):
    with emulated.Emulator(program) as emulator:
        said = emulator.run(program, "--version")
        if said != f"callcta {version}\n":
            sys.exit(f"{said!r} is not version {version}")
        sample = ("--generic", "Contact Support!", "--call", "Call Now", "--expires-in-days", "5")
        person, closed = emulator.psids[:2]
        said = emulator.run(program, "send", "--json", *sample, "--to", person)
        emulator.check_sent(json.loads(said)["message_id"])
        emulator.run(program, "send", *sample, "--to", closed, code=3)


def check_pages(share):
    page = subprocess.run(
        ["gzip", "-dcf", one(share, "man/man1/callcta-webhook-verify.1*")],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    emulated.check_has(page, ".TH callcta-webhook-verify 1")
    subprocess.run(["bash", "-n", share / "bash-completion/completions/callcta"], check=True)


def check_notices(text, *others):
    """It says what is in the binary of others."""
    for name in ("rustls ", "LLVM's libunwind", *others):
        emulated.check_has(text, f"\n{name}")


def without_rust(path):
    def has_rust(folder):
        return any(shutil.which(tool, path=folder) for tool in ("cargo", "rustc", "rustup"))

    return os.pathsep.join(folder for folder in path.split(os.pathsep) if not has_rust(folder))


def main(dist, version, cmake):
    os.environ["PATH"] = without_rust(os.environ["PATH"])
    dist = Path(dist)
    with tempfile.TemporaryDirectory() as folder:

        def empty(name):
            made = Path(folder, name)
            made.mkdir()
            return made

        begin("the program's archive")
        tree = unpack(one(dist, "callcta-[0-9]*-linux-*.tar.gz"), empty("program"))
        program = tree / "bin/callcta"
        check_program(program, version)
        check_pages(tree / "share")
        libc = ["musl (MIT)"] if "-musl" in tree.name else []
        check_notices((tree / "THIRD-PARTY.txt").read_text("utf-8"), "rusqlite ", *libc)

        begin("the C library's archive")
        tree = unpack(one(dist, "callcta-c-*.tar.gz"), empty("c"))
        check_notices((tree / "THIRD-PARTY.txt").read_text("utf-8"))
        emulated.run_installed(program, tree, "lib", cmake)

        debs = sorted(dist.glob("*.deb"))
        if shutil.which("dpkg-deb"):
            begin("the C library's Debian packages")
            tree = unpack_deb([deb for deb in debs if deb.name.startswith("lib")], empty("deb"))
            os.environ |= {
                "PKG_CONFIG_SYSROOT_DIR": str(tree.parent),
                "PKG_CONFIG_ALLOW_SYSTEM_CFLAGS": "1",
                "PKG_CONFIG_ALLOW_SYSTEM_LIBS": "1",
            }
            libdir = one(tree, "lib/*/libcallcta.so.0").parent.relative_to(tree)
            emulated.run_installed(program, tree, libdir, cmake)
        for deb in debs:
            package = deb.name.partition("_")[0]
            tree = unpack_deb([deb], empty(f"{package} deb"))
            notices = tree / "share/doc" / package / "THIRD-PARTY.txt.gz"
            check_notices(gzip.decompress(notices.read_bytes()).decode())
            if package == "callcta":
                begin("the program's Debian package")
                check_program(tree / "bin/callcta", version)
                check_pages(tree / "share")


main(*sys.argv[1:])
