"""Recognition: is this file a pupil or client file?

``judge.judge`` is the whole of it as a function: bytes in, ``verdict.Verdict`` out. On a laptop it
only ever runs in ``worker``, a process without rights; ``pool`` drives such workers.
"""
