"""What all tests share."""

import signal

# A shell that starts tests in the background leaves Ctrl-C ignored, and every process below them inherits that.
signal.signal(signal.SIGINT, signal.default_int_handler)
