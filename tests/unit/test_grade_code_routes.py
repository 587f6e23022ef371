from __future__ import annotations

import pytest
from grade_code import APP, FILES, REPORT, errors, found, python, submission, verdicts, warnings

from harness.grade.checks import routes
from harness.grade.model import Verdict


def test_a_right_submission_has_neither_errors_nor_warnings() -> None:
    given = submission(REPORT)
    assert errors(given) == []
    assert warnings(given) == []
    names = {each.check for each in found(given) if each.verdict is Verdict.AGREES}
    assert names >= {
        "ab-body-length",
        "code-shown",
        "compose-service",
        "event-metadata",
        "file-started",
        "route-called",
        "step-missing",
        "stream-without-table",
        "table-columns",
        "table-location",
        "table-queried",
    }


def test_a_path_that_the_api_lacks_is_an_error_at_the_command() -> None:
    given = submission(REPORT.replace("5000/hire/Ann", "5000/hired/Ann"))
    (one,) = [each for each in found(given, routes.check) if each.is_error]
    assert one.check == "route-called"
    assert given.files["README.md"].split("\n")[one.line - 1].endswith("/hired/Ann")
    assert one.actual == "GET /hired/Ann"
    assert "404" in one.message


def test_a_verb_that_the_route_does_not_take_is_an_error() -> None:
    given = submission(REPORT.replace("curl -X POST", "curl -X PUT"))
    (message,) = errors(given)
    assert "takes only DELETE, POST" in message
    assert "405" in message


def test_a_refusal_that_the_report_shows_is_no_error() -> None:
    wrong = "docker-compose exec mids curl http://localhost:5000/hire"
    answer = "<title>404 Not Found</title>\n<h1>Not Found</h1>"
    given = submission(f"{REPORT}\nA wrong path:\n\n```\n{wrong}\n```\n\n```\n{answer}\n```\n")
    assert errors(given) == []


@pytest.mark.parametrize(
    "command",
    [
        "ab -m POST -n 2 http://localhost:5000/cargo",
        "ab -n 2 -p box.json -T application/json http://localhost:5000/cargo",
        "curl -X DELETE localhost:5000/cargo",
        "curl -d 'x=1' http://localhost:5000/cargo",
        "curl -G --data-urlencode 'x=1' http://localhost:5000/hire/Bob",
        "curl 'http://localhost:5000/hire/Bob?ship=tern&x=1'",
        "curl http://localhost:5000/hire/$name",
        "curl http://localhost:5000/$path",
        "curl http://localhost:5000/static/logo.png",
        "curl http://localhost:8888/tree",
        "curl https://example.org/nothing",
        "ab -n 1 -i http://localhost:5000/hire/Bob",
        "for i in 1 2 3; do docker-compose exec mids ab -n $i http://localhost:5000/hire/$i; done",
    ],
)
def test_calls_that_the_api_takes_or_nobody_can_judge_are_no_errors(command: str) -> None:
    assert errors(submission(f"{REPORT}\n```\n{command}\n```\n")) == []


@pytest.mark.parametrize(("length", "verdict"), [(10, Verdict.AGREES), (11, Verdict.DISAGREES)])
def test_the_document_length_is_that_of_the_body_for_this_path(length: int, verdict: Verdict) -> None:
    given = submission(REPORT.replace("Length:        10 bytes", f"Length:        {length} bytes"))
    (one,) = [each for each in found(given, routes.check) if each.check == "ab-body-length"]
    assert one.verdict is verdict
    assert (one.expected, one.actual) == (10, length)


@pytest.mark.parametrize(
    "body",
    [
        'f"Hired {sailor}\\n"',
        '"Hired {}\\n".format(sailor)',
        '"Hired %s\\n" % sailor',
        '"Hired " + str(sailor) + "\\n"',
        '"hired ".title() + sailor + "\\n"',
        "PREFIX + sailor + '\\n'",
    ],
)
def test_bodies_are_known_through_formats_and_constants(body: str) -> None:
    app = APP.replace('"Hired " + sailor + "\\n"', body).replace("app = Flask", 'PREFIX = "Hired "\napp = Flask')
    given = submission(REPORT, {**FILES, "harbour.py": app})
    assert verdicts(given, "ab-body-length") == {Verdict.AGREES}


@pytest.mark.parametrize(
    "body",
    ["jsonify(ok=True)", "render(sailor)", "str(count)", "{'a': 1}", "Response('x')", "('text', 200)", "names[0]"],
)
def test_a_body_that_the_code_does_not_tell_is_not_checked(body: str) -> None:
    app = APP.replace('"Hired " + sailor + "\\n"', body)
    given = submission(REPORT, {**FILES, "harbour.py": app})
    assert verdicts(given, "ab-body-length") == {Verdict.NOT_CHECKED}


def test_several_returns_give_several_lengths() -> None:
    app = APP.replace('    return "Hired', "    if sailor == 'Bob':\n        return 'No'\n    return \"Hired")
    given = submission(REPORT, {**FILES, "harbour.py": app})
    assert verdicts(given, "ab-body-length") == {Verdict.AGREES}
    other = submission(REPORT.replace("Length:        10", "Length:        12"), {**FILES, "harbour.py": app})
    assert verdicts(other, "ab-body-length") == {Verdict.DISAGREES}


FACTORY = python(
    """
    from flask import Blueprint, Flask

    docks = Blueprint("docks", __name__, url_prefix="/docks")


    @docks.get("/<int:number>")
    def dock(number):
        return "dock"


    @docks.route("/<path:rest>/", methods=("GET", "POST"))
    def any_dock(rest):
        return "any"


    def create_app():
        app = Flask(__name__)
        app.register_blueprint(docks)
        app.add_url_rule("/tide", view_func=tide)
        return app


    def tide():
        return "high"
    """
)


def _calls(app: str, *urls: str) -> list[str]:
    start = "docker-compose exec mids env FLASK_APP=/w205/port.py flask run"
    typed = "\n".join(f"docker-compose exec mids curl http://localhost:5000{url}" for url in urls)
    return errors(submission(f"# Port\n\n```\n{start}\n```\n\n```\n{typed}\n```\n", {"port.py": app}))


def test_blueprints_factories_and_url_rules_are_routes() -> None:
    assert _calls(FACTORY, "/docks/12", "/docks/north/pier", "/docks/north/pier/", "/tide") == []
    assert len(_calls(FACTORY, "/dock/12", "/tides", "/")) == 3


@pytest.mark.parametrize(
    "more",
    [
        "app.register_blueprint(others)",
        "app.add_url_rule(rule, view_func=view)",
        "api = Api(app)",
        "app.route(name)(view)\n\n@app.route(name)\ndef view():\n    return 'x'",
    ],
)
def test_an_api_with_routes_that_nobody_can_see_is_not_judged(more: str) -> None:
    head = "from flask import Flask\nfrom more import Api, name, others, rule, view\napp = Flask(__name__)\n"
    app = f"{head}\n@app.route('/a')\ndef a():\n    return 'x'\n\n{more}\n"
    assert _calls(app, "/somewhere") == []


def test_the_routes_are_those_of_the_started_app_only() -> None:
    old = APP.replace("/hire/", "/employ/")
    given = submission(REPORT.replace("5000/hire/Ann", "5000/employ/Ann"), {**FILES, "old/older.py": old})
    assert len(errors(given)) == 1


def test_routes_in_a_sibling_that_the_app_imports_count() -> None:
    main = "from flask import Flask\nfrom rules import docks\napp = Flask(__name__)\napp.register_blueprint(docks)\n"
    rules = (
        'from flask import Blueprint\ndocks = Blueprint("d", __name__)\n\n@docks.route("/x")\ndef x():\n    return ""\n'
    )
    report = "```\nenv FLASK_APP=main.py flask run\n```\n\n```\ncurl localhost:5000/x\n```\n"
    assert errors(submission(report, {"main.py": main, "rules.py": rules})) == []


def test_a_script_that_calls_a_missing_route_is_an_error_in_the_script() -> None:
    script = "#!/bin/bash\nwhile true; do\n  docker-compose exec mids \\\n    ab -n 5 http://localhost:5000/hires/Ann\ndone\n"
    given = submission(f"{REPORT}\n```\n./load.sh\n```\n", {**FILES, "load.sh": script})
    (one,) = [each for each in found(given) if each.is_error]
    assert (one.file, one.line) == ("load.sh", 3)


def test_code_with_wrong_syntax_is_not_judged() -> None:
    given = submission(REPORT.replace("5000/hire/Ann", "5000/nothing"), {**FILES, "harbour.py": f"{APP}\ndef ( :\n"})
    assert [each for each in found(given, routes.check) if each.is_error] == []
