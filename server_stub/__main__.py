"""``python -m server_stub`` is the same as ``dossierwacht-collector``."""

import sys

from server_stub.terminal.cli import main

sys.exit(main())
