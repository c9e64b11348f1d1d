"""Seal a file: take it out of a person's folder and keep it so that only the officers can open it.

Nothing is ever deleted that is not first sealed, opened again and compared. The work is a
transaction that a crash or a power cut may break off anywhere; it goes

    PLAN     what was judged (content and inode) and where it lies, on the disk in the stage
    TAKE     rename it into the stage, which the person cannot enter; both folders to the disk
    CONFIRM  a plain file of one name, the inode and the content judged, and a lease held from here
             on: nobody has it open for writing. Else it goes back, never over a newer file
    SEAL     to the officers and an identity of its own; to the disk; read back, opened, compared
    REMOVE   the taken file, then the plan

How far it came is told by what lies where, so there is no second record that could disagree:

    plan | taken file | sealed copy | next step
    yes  | no         | no          | TAKE (if the root is still listed)
    yes  | yes        | no          | CONFIRM
    yes  | yes        | yes         | CONFIRM, then REMOVE
    yes  | no         | yes         | drop the plan
    no   | no         | yes         | done

Looking before taking spares people the flicker of a file that goes and comes back; it proves
nothing, since a person may swap files at any moment. What counts is CONFIRM. Swapping folders for
links fails on ``enforcement.place``. Between them they make acting with root's rights in a person's
folder safe, so the action does not also take on that person's identity.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from enforcement import age, attributes, durable, stage, syscalls
from enforcement.base import Attempt, EnforcementError, Outcome, Reason, Result, Settings
from enforcement.judged import READ, confirm, from_proof, still_undisturbed, undisturbed
from enforcement.place import locate, open_folder
from enforcement.reasons import told
from enforcement.stage import Plan, Stage
from enforcement.vault import Vault

NOTE_NAME = "dossierwacht.txt"
"""The note in a folder from which files were sealed. One a folder, and it names no file, so that
it can never itself look like a pupil file."""


def make(settings: Settings) -> "SealFile":
    """Build the action."""
    return SealFile(settings)


class SealFile:
    """Takes one file away and seals it; a part of it that a crash cut off can be resumed."""

    name = "seal-file"

    def __init__(
        self,
        settings: Settings,
        *,
        checkpoint: durable.Checkpoint = durable.pass_by,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._state = os.fspath(settings.state)
        self._checkpoint = checkpoint
        self._vault = Vault(
            settings.state / "vault",
            return_to=settings.return_to,
            checkpoint=checkpoint,
            now=now,
        )

    def apply(self, attempt: Attempt) -> Outcome:
        """Seal the file at the path ``subject``, if it is still the one in ``proof``."""
        stage.check_id(attempt.id)
        with told():
            if self._vault.holds(attempt.id) or attempt.id in self.open_attempts():
                return self.resume(attempt.id)
            age.proven_keys(self._settings.recipients)
            place = locate(attempt.subject, self._settings.roots)
            judged, about = from_proof(attempt.proof), dict(attempt.about)
            plan = Plan(id=attempt.id, place=place, judged=judged, about=about)
            path = stage.path_for(place.root, self._settings)
            stage.remember(self._state, path)
            with stage.opened(path, self._checkpoint) as here:
                here.write(plan)
                return self._finish(here, plan)

    def resume(self, attempt_id: str) -> Outcome:
        """Bring an attempt to its end, from wherever it was cut off."""
        stage.check_id(attempt_id)
        with told():
            for path in self._stages():
                with stage.opened(path, self._checkpoint) as here:
                    if plan := here.plan(attempt_id):
                        return self._finish(here, plan)
                    if here.holds(attempt_id):
                        note = f"{path}/{attempt_id}.file has no plan that says where it belongs"
                        raise EnforcementError(Reason.PARKED, note)
            if self._vault.holds(attempt_id):
                return Outcome(result=Result.DONE)
        return Outcome(result=Result.FAILED, reason=Reason.INTERRUPTED)

    def open_attempts(self) -> tuple[str, ...]:
        """The ids of all transactions that are not at their end, in every stage. OSError."""
        found: set[str] = set()
        for path in self._stages():
            with stage.opened(path) as here:
                found |= here.ids()
        return tuple(sorted(found))

    def recover(self) -> dict[str, Outcome]:
        """Bring every open transaction to its end: what the agent does at its start.

        Resume what the journal knows of first: a file that went back leaves no trace here, and
        ``resume`` then answers ``interrupted`` where this answers the reason.
        """
        with told():
            for path in self._stages():
                with stage.opened(path) as here:
                    here.sweep()
            attempts = self.open_attempts()
        return {attempt_id: self._recovered(attempt_id) for attempt_id in attempts}

    def _recovered(self, attempt_id: str) -> Outcome:
        try:
            return self.resume(attempt_id)
        except EnforcementError as error:
            return Outcome(result=Result.FAILED, reason=error.reason, note=error.note)

    def _stages(self) -> list[str]:
        """The stages that exist: those the state knows of, and those of the listed roots."""
        paths = stage.stages_in(self._state)
        for root in self._settings.roots:
            with suppress(EnforcementError, OSError):
                paths.append(stage.path_for(os.path.normpath(root), self._settings))
        return [path for path in dict.fromkeys(paths) if os.path.isdir(path)]

    def _finish(self, here: Stage, plan: Plan) -> Outcome:
        try:
            with told():
                self._forward(here, plan)
        except EnforcementError:
            # Once the sealed copy is the only one there is no way back, and none is needed.
            if here.holds(plan.id) or not self._vault.holds(plan.id):
                self._back(here, plan)
                raise
        self._leave_note(plan)
        with suppress(OSError):  # the file is sealed; a plan that stays goes at the next start
            here.drop_plan(plan.id)
            self._checkpoint("finished")
        return Outcome(result=Result.DONE)

    def _forward(self, here: Stage, plan: Plan) -> None:
        if not here.holds(plan.id) and not self._vault.holds(plan.id):
            self._take(here, plan)
        if here.holds(plan.id):
            self._seal(here, plan)

    def _take(self, here: Stage, plan: Plan) -> None:
        if plan.place.root not in {os.path.normpath(root) for root in self._settings.roots}:
            raise EnforcementError(Reason.INTERRUPTED, "its root is no longer listed")
        with durable.held(open_folder(plan.place)) as folder:
            with durable.held(syscalls.open_beneath(folder, plan.place.name, READ)) as source:
                with undisturbed(source):
                    confirm(source, plan.judged)
            self._checkpoint("looked")
            here.take(folder, plan)

    def _seal(self, here: Stage, plan: Plan) -> None:
        with durable.held(here.open_file(plan.id)) as source:
            about = attributes.read(source, plan.place.path, plan.judged.sha256)
            with undisturbed(source):
                confirm(source, plan.judged)
                self._checkpoint("confirmed")
                if not self._vault.holds(plan.id):
                    keys = age.proven_keys(self._settings.recipients)
                    self._vault.seal(plan.id, source, about, keys, plan.about)
                still_undisturbed(source)
                here.remove_file(plan.id)

    def _back(self, here: Stage, plan: Plan) -> None:
        """Leave everything as it was: the file first of all. EnforcementError (``parked``)."""
        with told():
            if here.holds(plan.id):
                self._vault.drop(plan.id)
                self._put_back(here, plan)
            here.drop_plan(plan.id)

    def _put_back(self, here: Stage, plan: Plan) -> None:
        try:
            with durable.held(open_folder(plan.place)) as folder:
                here.put_back(folder, plan)
        except (OSError, EnforcementError) as error:
            if not here.holds(plan.id):
                raise
            raise EnforcementError(Reason.PARKED, f"cannot go back: {error}") from error

    def _leave_note(self, plan: Plan) -> None:
        """Tell the person in the folder itself; that it cannot be told there stops nothing."""
        if not self._settings.note:
            return
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with suppress(OSError, EnforcementError):
            with durable.held(open_folder(plan.place)) as folder:
                with durable.held(os.open(NOTE_NAME, flags, 0o644, dir_fd=folder)) as note:
                    durable.write_all(note, self._settings.note.encode("utf-8"))
                    owner = os.fstat(folder)
                    os.fchown(note, owner.st_uid, owner.st_gid)
