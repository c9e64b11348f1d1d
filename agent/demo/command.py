"""``dossierwacht demo``: the whole chain on one machine, from a pupil file to the console."""

import argparse
import shutil
import sys
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path

from agent import places, processes, run
from agent.demo import checks, signed_policy, stage
from agent.demo.checks import Evidence
from agent.demo.stage import Folders, Login
from agent.errors import AgentError

PATIENCE = 180.0
"""Seconds in which the sample home must be settled, also on a slow machine."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``dossierwacht demo``."""
    parser.add_argument("--once", action="store_true", help="check everything, then end: 0 or 1")


def main(arguments: argparse.Namespace) -> int:
    """Run the demo; with --once its checks decide the exit code."""
    folders = _folders(arguments.state)
    fine = _play(folders, arguments.once)
    if arguments.once and fine and arguments.state == places.STATE:
        shutil.rmtree(folders.top)
    else:
        print(f"Everything the demo made, with its logs, lies in {folders.top}.")
    return 0 if fine else 1


def _play(folders: Folders, once: bool) -> bool:
    """Set the stage, let the agent work, look; whether all was well."""
    with ExitStack() as children:
        _say("a collector, with a certificate authority and a database of its own")
        collector, server = stage.start_collector(folders)
        children.callback(processes.end, collector)
        logins = stage.add_logins(folders)
        _say("an officer's key and a reserve key, and a policy file that only reports")
        stage.make_policy(folders)
        _say(f"a policy that seals, signed by {' and '.join(signed_policy.SIGNERS)} (invented)")
        signed_policy.publish(folders)
        _say(f"a laptop, enrolled as {stage.enrol_laptop(folders, server)}")
        inventory = stage.sample_home(folders)
        pupil, others = len(inventory.pupil_files), len(inventory.decoys)
        _say(f"a sample home with {pupil} pupil files and {others} other files")
        evidence = Evidence(
            folders=folders,
            socket=places.socket_for(folders.agent),
            inventory=inventory,
            before=checks.digests(folders.home, inventory),
        )
        children.callback(processes.end, stage.start_agent(folders))
        _say("the agent looks through the home ...")
        stage.wait_until(lambda: checks.settled(evidence), PATIENCE)
        fine = _show(evidence)
        if not once:
            _invite(server, logins, folders)
            _wait()
    return fine


def _show(evidence: Evidence) -> bool:
    """Print what the checks found; whether all of them are well."""
    faults = 0
    for shown in checks.all_checks(evidence):
        print(f"  {'FAIL' if shown.fault else 'ok  '}  {shown.what}")
        if shown.fault:
            faults += 1
            print(f"        {shown.fault}")
        sys.stdout.flush()
    return faults == 0


def _invite(server: str, logins: list[Login], folders: Folders) -> None:
    print(f"\nThe console is at {server}/ (its certificate is the demo's own).")
    for login in logins:
        print(f"  log in as {login.name} ({login.role}), password {login.password}")
    print(f"\nThe sample home is {folders.home}: put a file there and watch.")
    print("Stop it with Ctrl-C.", flush=True)


def _wait() -> None:
    stop = threading.Event()
    run.until_signal(stop)
    while not stop.wait(3600):
        pass


def _say(what: str) -> None:
    print(f"  ...   {what}", flush=True)


def _folders(given: Path) -> Folders:
    """A new folder, or an empty one that was named."""
    if given == places.STATE:
        top = Path(tempfile.mkdtemp(prefix="dossierwacht-demo-"))
    elif given.exists() and any(given.iterdir()):
        raise AgentError(f"{given} is not empty; the demo wants a folder of its own")
    else:
        top = given.absolute()
    folders = Folders(top=top)
    folders.make()
    return folders
