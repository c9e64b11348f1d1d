"""One laptop's whole mission, from the packages to the day it is given back.

``ledger`` keeps what each step came to, ``road`` is the laptop with everything beside it, and the
steps stand in the order of the story: ``founding``, ``classroom``, ``leak``, ``office``,
``farewell``.
"""
