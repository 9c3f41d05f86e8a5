"""One exception for a user's mistake: its message is the whole story, so nobody needs the traceback."""


class UserError(Exception):
    """What was expected, what came, and how to mend it, in one sentence.

    The command line prints the message alone and exits with status 2.
    """
