from __future__ import annotations

from graded import SWORD, ab_report, errors, fences, run, said, warnings

from harness.grade.checks import ab, ab_command


def report(**fields: str) -> str:
    return fences(SWORD, ab_report(**fields))


def line_of(text: str, start: str) -> int:
    return next(at for at, line in enumerate(text.split("\n"), 1) if line.startswith(start))


def test_a_right_report_agrees_in_every_check() -> None:
    found = run(ab.check, report())
    assert said(found) == {
        ("ab-length", "agrees"),
        ("ab-rate", "agrees"),
        ("ab-time", "agrees"),
        ("ab-percentiles", "agrees"),
        ("ab-volatile", "volatile"),
    }


def test_rounding_of_the_printed_time_is_no_disagreement() -> None:
    assert not errors(run(ab.check, fences(SWORD, ab_report(seconds=0.0724, Time_taken_for_tests="0.072 seconds"))))
    assert not errors(run(ab.check, fences(SWORD, ab_report(seconds=0.0024, Time_taken_for_tests="0.002 seconds"))))


def test_a_length_that_does_not_make_the_html_is_found_at_its_line() -> None:
    text = report(Document_Length="30 bytes")
    (found,) = errors(run(ab.check, text))
    assert (found.check, found.line, found.expected, found.actual, found.block) == (
        "ab-length",
        line_of(text, "Document Length"),
        17,
        30,
        2,
    )


def test_html_that_no_length_makes_is_found_at_its_own_line() -> None:
    text = report(HTML_transferred="173 bytes")
    (found,) = errors(run(ab.check, text))
    assert (found.line, found.expected, found.actual) == (line_of(text, "HTML transferred"), 170, 173)


def test_another_report_of_the_same_path_is_evidence() -> None:
    text = fences(SWORD, ab_report(Document_Length="30 bytes"), SWORD, ab_report())
    (found,) = errors(run(ab.check, text))
    assert "17 bytes" in found.message
    assert len(found.evidence) == 2


def test_a_rate_and_times_that_do_not_fit_are_found() -> None:
    found = errors(run(ab.check, report(Requests_per_second="209.45 [#/sec] (mean)")))
    assert [(one.check, one.expected, one.actual) for one in found] == [("ab-rate", 125.0, 209.45)]
    found = errors(run(ab.check, report(Time_per_request="4.775 [ms] (mean)")))
    assert [(one.check, one.expected, one.actual) for one in found] == [("ab-time", 8.0, 4.775)]
    found = errors(run(ab.check, report(Transfer_rate="37.84 [Kbytes/sec] received")))
    assert [one.check for one in found] == ["ab-transfer-rate"]


def test_concurrency_divides_the_time_per_request() -> None:
    fields = {"Concurrency_Level": "5", "Time_per_request": "40.000 [ms] (mean)"}
    assert not errors(run(ab.check, report(**fields)))


def test_a_percentile_table_without_its_end_is_cut_off() -> None:
    text = fences(SWORD, ab_report().rsplit("\n", 3)[0])
    (found,) = errors(run(ab.check, text))
    assert (found.check, found.line, found.actual) == ("ab-percentiles", line_of(text, "  95%"), 95)


def test_an_elided_percentile_table_is_not_checked() -> None:
    text = fences(SWORD, ab_report().rsplit("\n", 3)[0] + "\n...")
    assert not errors(run(ab.check, text))
    assert ("ab-percentiles", "not checked") in said(run(ab.check, text))


def test_percentiles_that_fall_are_found() -> None:
    text = fences(SWORD, ab_report().replace("  75%      7", "  75%      3"))
    (found,) = errors(run(ab.check, text))
    assert (found.check, found.expected, found.actual) == ("ab-percentiles", 6, 3)


def test_only_lengths_that_differ_are_tolerated_and_other_failures_doubted() -> None:
    lengths = ab_report(Failed_requests="3\n   (Connect: 0, Receive: 0, Length: 3, Exceptions: 0)")
    found = run(ab.check, fences(SWORD, lengths))
    assert not errors(found)
    assert ("ab-failed", "tolerated") in said(found)
    receive = lengths.replace("Receive: 0", "Receive: 1")
    assert ("ab-failed", "warning") in said(run(ab.check, fences(SWORD, receive)))


def test_statuses_that_are_not_2xx_are_an_error_unless_the_prose_says_so() -> None:
    text = fences(SWORD, ab_report(Failed_requests="0\nNon-2xx responses:      10"))
    assert [one.check for one in errors(run(ab.check, text))] == ["ab-status"]
    told = fences(
        SWORD, "#As the route is missing, each call gives a 404:", ab_report(Failed_requests="0\nNon-2xx responses: 10")
    )
    assert not errors(run(ab.check, told))


def test_several_reports_in_one_fence_are_read_each() -> None:
    text = fences(f"{SWORD}\n{SWORD}", ab_report() + "\n" + ab_report(Requests_per_second="99.00 [#/sec] (mean)"))
    (found,) = errors(run(ab.check, text))
    assert found.line > 40


def test_a_report_agrees_with_its_command() -> None:
    assert said(run(ab_command.check, report())) == {("ab-command", "agrees")}


def test_another_path_or_count_than_the_command_s_is_an_error() -> None:
    (found,) = errors(run(ab_command.check, fences(SWORD, ab_report(path="/join_guild"))))
    assert (found.expected, found.actual) == ("/buy_sword", "/join_guild")
    (found,) = errors(run(ab_command.check, fences(SWORD, ab_report(complete=20))))
    assert (found.expected, found.actual) == (10, 20)


def test_an_interrupted_load_is_only_doubted() -> None:
    text = fences(SWORD.replace("-n 10", "-n 900"), ab_report(complete=57).replace(".....done", "^C"))
    found = run(ab_command.check, text)
    assert not errors(found)
    assert warnings(found)


def test_a_command_that_the_shell_has_to_fill_in_is_not_compared() -> None:
    assert not run(ab_command.check, fences(SWORD.replace("-n 10", "-n $N"), ab_report()))


def test_hostile_reports_take_linear_time() -> None:
    text = fences(SWORD, "\n".join(["Complete requests: 5", "Document Length: 3 bytes", "Total: : :"] * 20_000))
    assert isinstance(run(ab.check, text), list)
