"""Print events of the original's form, one a line, as `ab` makes them."""

import sys

EVENT = (
    '{"Host": "user1.comcast.com", "Accept": "*/*", "User-Agent": "ApacheBench/2.3", "event_type": "purchase_sword"}\n'
)

if __name__ == "__main__":
    count = int(sys.argv[1])
    while count > 0:
        sys.stdout.write(EVENT * min(count, 10_000))
        count -= 10_000
