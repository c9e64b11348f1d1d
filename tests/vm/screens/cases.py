"""The desktops and lockers that are tried, and what should come of each."""

from dataclasses import dataclass

X11 = "openbox"
XFCE = "xfce"
SWAY = "sway"
PASSWORD = "letmein"
MATE = "mate-screensaver"
WITH_XSS_LOCK = "xss-lock -- i3lock -n -c 16323f &"


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One screen that is left open.

    ``locker`` is what the person's session starts with; ``hide`` are programs taken away before;
    ``method`` is the step of the ladder that should have worked ("" if none can), ``proofs`` what
    may have shown it. ``wakes``: a key has to be pressed before the password is asked for.
    """

    name: str
    desktop: str = X11
    locker: str = ":"
    hide: tuple[str, ...] = ()
    method: str
    proofs: tuple[str, ...]
    wakes: bool = False
    greeter: bool = False
    """The login screen comes in front, and the password is given there."""

    @property
    def latest(self) -> float:
        """Seconds after the limit by which the lock is proven, or the failure told.

        The product's own aim is 5 seconds, and 10 for a failure; a processor without KVM is some
        ten times slower, so twice and, where something has to be started first, three times that
        is let pass here. The table says how long each took.
        """
        return 10.0 if self.method in ("logind", "") else 15.0

    def hidden(self) -> tuple[str, ...]:
        """What is taken away: also a screen saver that any desktop would start of itself."""
        return self.hide if MATE in self.locker else (*self.hide, f"/usr/bin/{MATE}")


LOCKERS = ("/usr/bin/i3lock", "/usr/bin/xsecurelock")
CASES = (
    Case(
        name="xss-lock and i3lock",
        locker=WITH_XSS_LOCK,
        method="logind",
        proofs=("locked-hint", "cover"),
    ),
    Case(
        name="xss-lock and xsecurelock",
        locker="xss-lock -- xsecurelock &",
        method="logind",
        proofs=("locked-hint", "cover"),
    ),
    Case(
        name="light-locker",
        locker="light-locker &",
        method="logind",
        proofs=("greeter", "cover"),
        greeter=True,
    ),
    Case(
        name="xscreensaver",
        locker="xscreensaver --no-splash &",
        method="locker",
        proofs=("cover",),
        wakes=True,
    ),
    Case(
        name="mate-screensaver",
        locker="mate-screensaver &",
        method="logind",
        proofs=("cover",),
        wakes=True,
    ),
    Case(
        name="nothing runs, xsecurelock installed",
        method="locker",
        proofs=("cover",),
    ),
    Case(
        name="nothing runs, i3lock installed",
        hide=("/usr/bin/xsecurelock",),
        method="locker",
        proofs=("cover",),
    ),
    Case(
        name="nothing installed",
        hide=LOCKERS,
        method="greeter",
        proofs=("greeter", "cover"),
        greeter=True,
    ),
    Case(
        name="XFCE, xss-lock and i3lock",
        desktop=XFCE,
        locker=WITH_XSS_LOCK,
        method="logind",
        proofs=("locked-hint", "cover"),
    ),
    Case(
        name="XFCE, nothing runs",
        desktop=XFCE,
        method="locker",
        proofs=("cover",),
    ),
    Case(
        name="sway, nothing runs",
        desktop=SWAY,
        method="locker",
        proofs=("cover",),
    ),
    Case(
        name="sway, nothing installed",
        desktop=SWAY,
        hide=("/usr/bin/swaylock",),
        method="",
        proofs=("none",),
    ),
)
QUICK = ("xss-lock and i3lock",)
