"""``./dev lab package [--quick]``: the life of the agent's package, from install to purge.

Makes the package three times, puts it into a minimal Debian again and again, and into the laptop
of the lab where systemd runs it. ``--quick`` leaves the laptop out. Writes build/lab/package.json;
exit 1 if a case failed or did not run.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from tests.vm.deb import builds, in_chroot, in_laptop
from tests.vm.deb.cases import Case, tried, write

OUT = Path("build/lab/package.json")


def main(quick: bool) -> int:
    """Run every case; what came goes to the terminal and the JSON."""
    found: list[Case] = []
    work = Path(tempfile.mkdtemp(prefix="dw-package-"))
    try:
        _say("making the packages")
        made = builds.make(work)
        bench = in_chroot.Bench(builds=made, work=work, say=_say)
        found += [tried(*case) for case in in_chroot.cases(bench)]
        if not quick:
            found += in_laptop.run(bench)
    finally:
        shutil.rmtree(work, ignore_errors=True)
        write(found, OUT)
    failed = sum(not case.passed for case in found)
    print(f"{len(found)} cases, {failed} failed")
    return 1 if failed else 0


def _say(text: str) -> None:
    print(f"==> {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main("--quick" in sys.argv[1:]))
