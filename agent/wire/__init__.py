"""The contract between agent and collector: events, batches, receipts, enrolment, signatures.

Both sides import this package and nothing else of each other. Importing it pulls in msgspec and,
for ``agent.wire.signatures``, cryptography.
"""
