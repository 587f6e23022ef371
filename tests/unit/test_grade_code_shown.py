from __future__ import annotations

import pytest
from grade_code import APP, FILES, REPORT, errors, found, python, submission, verdicts, warnings

from harness.grade.checks import code_shown, code_works, metadata, steps
from harness.grade.model import Verdict


def _shown(app: str) -> str:
    return REPORT.replace(APP, app)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace('"', "'"),
        lambda text: text.replace("\n\n\n", "\n"),
        lambda text: text.replace("    return", "    # what the client sees\n    return"),
        lambda text: text.replace("app = Flask", "app = Flask", 1).replace(")\n", ")   # and so on\n", 1),
        lambda text: text.replace("    event", "\tevent"),
        lambda text: text.replace("def hello():\n", 'def hello():\n    """Say hello.\n\n    To all.\n    """\n'),
        lambda text: text[text.index("@app.route") :],
        lambda text: text[: text.index("@app.route")] + "...\n" + text[text.index('@app.route("/cargo"') :],
    ],
)
def test_form_comments_and_parts_do_not_make_a_listing_wrong(change) -> None:
    assert errors(submission(_shown(change(APP)))) == []


def test_a_line_that_the_file_lacks_is_an_error_at_that_line() -> None:
    given = submission(_shown(APP.replace('"sailor": sailor', '"sailor": sailor, "ship": "tern"')))
    (one,) = [each for each in found(given, code_shown.check) if each.is_error]
    assert given.files["README.md"].split("\n")[one.line - 1].strip() == one.actual
    assert one.expected == 'event = {"event_type": "hire_sailor", "sailor": sailor}'
    assert one.evidence[0].file == "harbour.py"


def test_an_older_version_is_excused_by_the_one_handed_in() -> None:
    older = APP.replace("Ahoy!", "Hello!")
    report = REPORT.replace("# Harbour\n", f"# Harbour\n\nThe file `harbour.py`:\n\n```python\n{older}```\n")
    given = submission(report)
    assert errors(given) == []
    assert verdicts(given, "code-shown") == {Verdict.AGREES, Verdict.TOLERATED}


def test_a_file_that_cat_shows_is_compared_whatever_it_is() -> None:
    script = "ab -n 5 http://localhost:5000/\nsleep 5\n"
    report = f"{REPORT}\n```\ncat load.sh\n```\n\n```\nab -n 7 http://localhost:5000/\nsleep 5\n```\n"
    given = submission(report, {**FILES, "load.sh": script})
    assert all("load.sh" in each for each in errors(given))


def test_a_listing_of_a_file_that_was_not_handed_in_is_not_held_against_another() -> None:
    other = APP.replace("/hire/", "/fire/").replace("hire", "fire")
    report = f"{REPORT}\n```\ncat second.py\n```\n\n```\n{other}```\n\nAnd `third.py`:\n\n```python\n{other}```\n"
    assert errors(submission(report)) == []


def test_a_snippet_after_words_of_change_is_a_warning_at_most() -> None:
    snippet = APP[APP.index('@app.route("/hire') : APP.index('@app.route("/cargo')].replace("Hired ", "Welcome ")
    report = REPORT.replace(APP, "import json\n")
    report = f"{report}\nOne could change `harbour.py` so:\n\n```python\n{snippet}```\n"
    assert errors(submission(report)) == []


def test_a_compose_file_in_the_report_is_compared() -> None:
    text = (
        "The cluster is in `docker-compose.yml`:\n\n```yaml\n"
        + FILES["docker-compose.yml"]
        + "  redis:\n    image: store\n```\n"
    )
    assert any("docker-compose.yml" in each for each in errors(submission(f"{REPORT}\n{text}")))


@pytest.mark.parametrize(
    ("event", "wrong"),
    [
        ('{"Host": "a", "event_type": "hire_sailor", "sailor": "Ann"}', ""),
        ('{"Host": "a", "event_type": "hire_sailor", "sailor": "Ann", "X-Ship": "tern", "Content-Length": "3"}', ""),
        ('{"Host": "a", "event_type": "hire_sailor"}', "lacks sailor"),
        ('{"event_type": "hire_sailor", "sailor": "Ann"}', "lacks Host"),
        ('{"Host": "a", "event_type": "hire_sailor", "sailor": "Ann", "price": 3}', "has price"),
        ('{"Host": "a", "event_type": "fire_sailor"}', "never logs"),
    ],
)
def test_events_have_the_keys_that_the_code_adds(event: str, wrong: str) -> None:
    shown = '{"Host": "north.example.org", "event_type": "hire_sailor", "sailor": "Ann", "Accept": "*/*"}'
    given = submission(REPORT.replace(shown, event))
    messages = [each.message for each in found(given, metadata.check) if each.is_error]
    assert (not messages) if not wrong else any(wrong in each for each in messages)


@pytest.mark.parametrize(
    "helper",
    [
        "    event.update(request.headers)\n    event.update(request.args)\n",
        "    event.update(request.get_json())\n",
        "    event = enrich(event)\n",
        "    for key in extra:\n        event[key] = extra[key]\n",
    ],
)
def test_events_that_code_fills_at_run_time_are_not_judged(helper: str) -> None:
    app = APP.replace("    event.update(request.headers)\n", helper)
    given = submission(REPORT, {**FILES, "harbour.py": app})
    assert [each for each in found(given, metadata.check) if each.is_error] == []


def test_a_name_that_nothing_binds_is_an_error_in_what_is_started() -> None:
    app = APP.replace('"sailor": sailor', '"sailor": mate')
    messages = [
        each.message
        for each in found(submission(REPORT, {**FILES, "harbour.py": app}), code_works.check)
        if each.is_error
    ]
    assert len(messages) == 1
    assert messages[0].startswith("mate is used")


@pytest.mark.parametrize(
    "text",
    [
        "from os import *\nprint(nothing)\n",
        "print(unicode, xrange, raw_input, __file__)\n",
        "import a.b.c\nfor i, (j, k) in a.b: print(i, j, k)\n",
        "with open('x') as f, open('y') as g:\n    print(f, g)\n",
        "try:\n    long_name\nexcept NameError:\n    long_name = 1\n",
        "def f(x, *y, z=1, **w):\n    return [u for u in x if (v := u)], v, y, z, w\n",
        "def f():\n    global made\n    made = 1\nprint(made)\n",
        "class A:\n    b = 1\n    c = [b for _ in ()]\nprint(A)\n",
        "globals()['x'] = 1\nprint(x)\n",
        "match 1:\n    case {'a': b, **c}:\n        print(b, c)\n    case [d, *e]:\n        print(d, e)\n",
        "print 'old', thing\n",
    ],
)
def test_names_that_may_be_bound_are_no_errors(text: str) -> None:
    given = submission(REPORT, {**FILES, "crew.py": text})
    assert [each.message for each in found(given, code_works.check) if each.check == "undefined-name"] == []


def test_a_service_that_the_compose_file_lacks_is_an_error() -> None:
    report = REPORT + "\n```\ndocker-compose exec -T redis redis-cli\ndocker-compose exec $service sh\n```\n"
    (message,) = errors(submission(report))
    assert "redis" in message


def test_a_file_that_was_not_handed_in_is_an_error_only_beside_others() -> None:
    report = REPORT + "\n```\ndocker-compose exec spark spark-submit /w205/harbour/tides.py\n```\n"
    assert any("tides.py" in each for each in errors(submission(report)))
    alone = submission(report, {})
    assert errors(alone) == []
    assert verdicts(alone, "file-started") == {Verdict.NOT_CHECKED}
    far = submission(report.replace("/w205/harbour/tides.py", "/w205/course/tides.py"))
    assert errors(far) == []


@pytest.mark.parametrize(
    "made",
    [
        "cat > run_job.sh <<'EOF'\ndocker-compose exec spark spark-submit /w205/harbour/crew.py\nEOF",
        "cat <<EOF >~/harbour/run_job.sh\ndocker-compose up -d\nEOF",
        "tee run_job.sh <<EOF\ndocker-compose up -d\nEOF",
        "echo 'docker-compose up -d' > run_job.sh",
    ],
)
def test_a_file_that_a_command_of_the_report_writes_is_not_missing(made: str) -> None:
    given = submission(f"{REPORT}\n```\n{made}\n```\n\n```\nbash run_job.sh\n```\n")
    assert verdicts(given, "file-started") == {Verdict.AGREES}


@pytest.mark.parametrize("other", ["cp ~/w205/run_job.sh .", "ls > run_job.log"])
def test_a_file_whose_text_no_command_has_is_missing(other: str) -> None:
    given = submission(f"{REPORT}\n```\n{other}\n```\n\n```\nbash run_job.sh\n```\n")
    assert any("run_job.sh" in each for each in warnings(given))


@pytest.mark.parametrize(
    ("gone", "word"),
    [
        ("docker-compose exec kafka kafka-topics --create --topic harbour --zookeeper zookeeper:32181\n", "topic"),
        ("docker-compose down\n", "taken down"),
        ("select count(*) from crew;", "no query asks crew"),
    ],
)
def test_a_step_that_is_missing_is_a_warning_for_the_whole_report(gone: str, word: str) -> None:
    given = submission(REPORT.replace(gone, ""))
    (one,) = [each for each in found(given, steps.check) if each.is_warning]
    assert word in one.message
    assert (one.line, one.block) == (1, None)


def test_the_event_of_the_task_is_looked_for_only_where_the_task_is_stated() -> None:
    task = "The game has two events: buy a sword and join guild.\n\n"
    assert any("join guild" in each for each in warnings(submission(task + REPORT)))
    app = (
        APP
        + '\n\n@app.route("/join")\ndef join():\n    publish("harbour", {"event_type": "join_guild"})\n    return ""\n'
    )
    assert warnings(submission(task + _shown(app), {**FILES, "harbour.py": app})) == []


HOSTILE = [
    "(" * 5000,
    "x = " + "[" * 39 + "]" * 39,
    "x = " + "-" * 20000 + "1",
    "x = " + "+".join(["'a'"] * 5000),
    "x" + ".a" * 20000,
    "x = f" + "'" + "{x}" * 3000 + "'",
    "\0\0",
    "def f(:\n" * 5000,
    'spark.sql("create table (((((" + "," * 5)\n' * 500,
    "@app.route('/' + '<' * 3)\ndef f(): return '%s' % f\n",
    "@app.route('/a" + "<b>" * 2000 + "')\ndef f(): return ''\n",
    "services:\n" + "  a:\n" * 20000,
    "create external table x location '/tmp/x' " * 2000,
    '"""' * 3001,
    "lambda: " * 500 + "1",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_the_files_hold_there_is_an_answer(text: str) -> None:
    files = dict.fromkeys(("harbour.py", "crew.py", "docker-compose.yml", "load.sh", "tables.hql"), text)
    report = f"{REPORT}\n```python\n{text}\n```\n\n```\ncat crew.py\n```\n\n```\n{text}\n```\n\n```sql\n{text}\n```\n"
    assert isinstance(errors(submission(report, files)), list)


def test_python_of_a_notebook_s_cell_or_a_prompt_is_no_listing_of_a_file() -> None:
    report = REPORT + python(
        """

        ```
        >>> crew = spark.read.parquet("/tmp/crew")
        >>> crew.show()
        ```
        """
    )
    assert errors(submission(report)) == []


INLINE = """\
    event = {"event_type": "hire_sailor", "sailor": sailor}
    event.update(request.headers)
    event["wage"] = 3
    producer.send("harbour", json.dumps(event).encode())
"""


def test_events_that_a_route_sends_by_itself_are_followed_too() -> None:
    helped = '    event = {"event_type": "hire_sailor", "sailor": sailor}\n    publish("harbour", event)\n'
    assert helped in APP
    given = submission(REPORT, {**FILES, "harbour.py": APP.replace(helped, INLINE)})
    messages = [each.message for each in found(given, metadata.check) if each.is_error]
    assert messages == ["An event hire_sailor that is shown lacks wage, which the code adds."]
    branch = INLINE.replace('    event["wage"] = 3\n', '    if sailor:\n        event["wage"] = 3\n')
    given = submission(REPORT, {**FILES, "harbour.py": APP.replace(helped, branch)})
    assert [each for each in found(given, metadata.check) if each.is_error] == []


def test_a_word_that_only_begins_like_the_file_s_is_another_line() -> None:
    longer = APP.replace("from kafka import KafkaProducer", "from kafka import KafkaProducers")
    given = submission(REPORT, {**FILES, "harbour.py": longer})
    assert len([each for each in found(given, code_shown.check) if each.is_error]) == 1


def test_a_line_that_the_report_wraps_is_no_difference() -> None:
    wrapped = APP.replace("producer = KafkaProducer(bootstrap", "producer = KafkaProducer(\n    bootstrap")
    assert errors(submission(_shown(wrapped))) == []
