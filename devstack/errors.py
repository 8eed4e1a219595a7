"""What can keep the dev stack from running. Each message is a sentence for the person at the keyboard.

DevStackError
├── ChildDied         a process of the stack ended by itself
├── NotReady          a process runs and still does not answer
├── Unusable          the machine or the data directory does not allow what we need
└── AlreadyRunning    another dev stack holds the data directory
"""


class DevStackError(Exception):
    """The dev stack cannot go on; the message says why and what helps."""


class ChildDied(DevStackError):
    pass


class NotReady(DevStackError):
    pass


class Unusable(DevStackError):
    pass


class AlreadyRunning(DevStackError):
    pass
