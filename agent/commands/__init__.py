"""The sub-commands of ``dossierwacht``: each module adds its options and runs to an exit code.

Which words lead to which module is one table in ``agent.cli``.
"""
