"""In the lab's system, by the package's own code: seal one file, and die at a step if one is named.

seal_one.py FILE NUMBER STEP RECIPIENT...
"""

import hashlib
import os
import sys
from pathlib import Path

from enforcement.base import Attempt, Recipient, Settings
from enforcement.seal_file import SealFile

path, number, die_at, *keys = sys.argv[1:]
found = Path(path).stat()
digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
proof = {"device": found.st_dev, "inode": found.st_ino, "sha256": digest}
recipients = tuple(Recipient(name="lab", key=key, proven=True) for key in keys)
action = SealFile(
    Settings(state=Path("/var/lib/dossierwacht"), roots=(Path("/home"),), recipients=recipients),
    checkpoint=lambda step: os._exit(9) if step == die_at else None,
)
action.apply(Attempt(id=number, subject=path, proof=proof))
