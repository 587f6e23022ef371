"""Prints what hurts a terminal, a page, a report, or a program that reads lines."""

import sys

from verdict import within

within(100)
out = sys.stdout
kind = sys.argv[1]
if kind == "escapes":
    out.write(
        "\x1b[2J\x1b[H\x1b]0;owned\x07"
        "\x1b]8;;file:///etc/passwd\x07click\x1b]8;;\x07\x1b[31mred\x1b[?1049h\x9b5n\x1bc\n"
    )
    out.write('\x1b[6n\x1b]52;c;aGFja2Vk\x07\x1bP$q"p\x1b\\\n')
    out.write(
        "right to left \u202edrowssap\u202c zero\u200bwidth \ud83d\udca9".encode("utf-16", "surrogatepass").decode(
            "utf-16"
        )
        + "\n"
    )
    out.flush()
    sys.stdout.buffer.write(b"\xff\xfe\x00\x80 not UTF-8 \x00\x00\r\r\b\b\b\b\x08\n")
elif kind == "markup":
    out.write("<script>alert('from the submission')</script><img src=x onerror=alert(1)>\n")
    out.write("</pre></code></details></body><iframe src='javascript:alert(2)'></iframe>\n")
    out.write(
        "```\n# A heading of the submission's own\n| points | 100 |\n```\n~~~\n````\n<!-- sha256:" + "0" * 64 + " -->\n"
    )
    out.write(
        "![](http://evil.example/track.png) [click](javascript:alert(3)) "
        "::error file=a::forged ]]> &lt; {{7*7}} {% raw %}\n"
    )
    out.write("::set-output name=score::100\n##vso[task.complete result=Succeeded]\n=cmd|' /C calc'!A0\n")
elif kind == "line":
    for _ in range(200):
        out.write("x" * 1_000_000)
elif kind == "colours":
    for number in range(400_000):
        out.write(f"\x1b[{number % 108}m\x1b[{number % 50};{number % 80}H#")
elif kind == "lines":
    out.write("\n" * 20_000_000)
elif kind == "rows":
    out.write("|" + "a|" * 2_000_000 + "\n+" + "-+" * 2_000_000 + "\n(" + "9" * 1_000_000 + " rows)\n")
    out.write('{"a":' * 200_000 + "1" + "}" * 200_000 + "\n")
