from __future__ import annotations

from harness.outputs import derive

COMMAND = 'ab -n 10 -H "Host: user1.comcast.com" http://localhost:5000/'


def report(path: str = "/", length: str = "30 bytes", complete: int = 10, failed: int = 0, html: int = 300) -> str:
    failures = "   (Connect: 0, Receive: 0, Length: 3, Exceptions: 0)\n" if failed else ""
    return f"""This is ApacheBench, Version 2.3 <$Revision: 1923142 $>
Copyright 1996 Adam Twiss, Zeus Technology Ltd, http://www.zeustech.net/
Licensed to The Apache Software Foundation, http://www.apache.org/

Benchmarking localhost (be patient).....done


Server Software:        Werkzeug/3.1.9
Server Hostname:        localhost
Server Port:            5000

Document Path:          {path}
Document Length:        {length}

Concurrency Level:      2
Time taken for tests:   0.051 seconds
Complete requests:      {complete}
Failed requests:        {failed}
{failures}Total transferred:      2030 bytes
HTML transferred:       {html} bytes
Requests per second:    195.31 [#/sec] (mean)
Time per request:       5.120 [ms] (mean)
Time per request:       5.120 [ms] (mean, across all concurrent requests)

Connection Times (ms)
              min  mean[+/-sd] median   max
Total:          2    5   2.1      4       9
"""


def test_a_single_report_gives_its_own_numbers() -> None:
    assert derive(COMMAND, report(), "") == {
        "kind": "ab",
        "runs": 1,
        "complete": 10,
        "failed": 0,
        "non_2xx": 0,
        "document_path": "/",
        "document_length": 30,
        "html_transferred": 300,
        "concurrency": 2,
        "arithmetic_holds": True,
    }


def test_reports_of_a_loop_are_added_up_and_listed_where_they_differ() -> None:
    loop = "while true; do ab -n 10 http://localhost:5000/purchase_a_sword; sleep 10; done"
    printed = report() + "\n" + report(path="/purchase_a_sword", length="17 bytes", html=170) + report()
    facts = derive(loop, printed, "")
    assert (facts["runs"], facts["complete"], facts["concurrency"]) == (3, 30, 2)
    assert facts["document_path"] == ["/", "/purchase_a_sword", "/"]
    assert facts["document_length"] == [30, 17, 30]
    assert facts["html_transferred"] == [300, 170, 300]
    assert facts["arithmetic_holds"] is True


def test_responses_that_are_not_2xx_are_counted() -> None:
    printed = report().replace("Total transferred", "Non-2xx responses:      3\nTotal transferred")
    assert derive(COMMAND, printed, "")["non_2xx"] == 3


def test_lengths_that_do_not_multiply_break_the_arithmetic() -> None:
    assert derive(COMMAND, report() + report(length="17 bytes"), "")["arithmetic_holds"] is False


def test_arithmetic_is_not_judged_where_requests_failed_or_the_length_varies() -> None:
    assert derive(COMMAND, report(failed=3, html=210), "")["arithmetic_holds"] is None
    assert derive(COMMAND, report(length="Variable"), "")["arithmetic_holds"] is None


def test_a_report_cut_before_its_complete_requests_is_no_run() -> None:
    cut = report().partition("Complete requests")[0]
    assert derive(COMMAND, cut, "")["runs"] == 0
    assert derive(COMMAND, cut + report(html=300), "")["runs"] == 1
    assert derive(COMMAND, "", "apr_socket_recv: Connection refused (111)\n")["arithmetic_holds"] is None


def test_a_report_without_its_banner_starts_where_a_field_repeats() -> None:
    bare = report().partition("Server Software")[2]
    assert derive(COMMAND, bare + bare, "")["runs"] == 2


def test_a_number_too_long_to_be_a_count_is_not_read() -> None:
    assert derive(COMMAND, f"Complete requests: {'9' * 5000}\n", "")["runs"] == 0
    assert derive(COMMAND, "Complete requests: ²\n", "")["runs"] == 0
