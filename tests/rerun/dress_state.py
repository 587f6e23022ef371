"""Dresses of what is kept: forms, cookies, Redis; and a cluster that is brought down, which keeps nothing."""

from __future__ import annotations

from rerun import jobs
from rerun.author import Author
from rerun.books import Dress, headers, row
from rerun.dress_jobs import plain, route
from rerun.expected import Aid, Typing


def forms() -> Dress:
    """Forms, cookies, a GET with a body, hosts of all kinds; `hive -e`; the batch typed at the prompt of pyspark."""
    a = Author(13, "assignment-12-lena_h", heading="bold", merged=True)
    a.heading("Assignment 12: names and colours")
    a.prose("The server takes forms and cookies.")
    a.compose()
    a.up()
    a.hand_in(
        "api_with_events.py",
        jobs.app(
            """
@app.route("/register", methods=['POST'])
def register():
    log_to_kafka('events', {'event_type': 'register', 'player': request.form['player']})
    return "Registered.\\n"
""",
            """
@app.route("/paint", methods=['GET'])
def paint():
    colours = request.args.get('colours', '').split('-')
    log_to_kafka('events', {'event_type': 'paint', 'colours': colours, 'player': request.cookies.get('player')})
    return "Painted.\\n"
""",
        ),
        shown=True,
    )
    a.topic("events")
    a.flask("api_with_events.py")
    a.heading("By hand")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for player in ("nils", "olga"):
        data = f"player={player}"
        event = {"event_type": "register", "player": player}
        event |= headers("localhost:5000", "curl/7.47.0", **form, **{"Content-Length": str(len(data))})
        a.curl(f"-d {data}", "/register", "Registered.\n", "events", event, "POST")
    a.heading("With Apache Bench")
    for host, player, count in (("nils@home", "nils", 3), ("player one", "olga", 5), ("player_one", "olga", 2)):
        event = {"event_type": "paint", "colours": ["red", "green"], "player": player}
        event |= headers(host, Cookie=f"player={player}")
        a.ab(
            f'-n {count} -C player={player} -H "Host: {host}"',
            "/paint?colours=red-green",
            "Painted.\n",
            "events",
            event,
        )
    a.log(a.sent)
    a.kafkacat("events")
    a.heading("At the prompt of pyspark")
    a.do("spark", "pyspark")
    typed = [
        "raw = spark.read.format('kafka').option('kafka.bootstrap.servers', 'kafka:29092')"
        ".option('subscribe', 'events').option('startingOffsets', 'earliest').option('endingOffsets', 'latest').load()",
        "from pyspark.sql.functions import get_json_object",
        "text = raw.value.cast('string')",
        "paints = raw.select(get_json_object(text, '$.player').alias('player'),"
        " get_json_object(text, '$.Host').alias('host'),"
        " get_json_object(text, '$.colours[0]').alias('colour')).filter('colour is not null')",
        "paints.count()",
    ]
    code = "\n".join(typed)
    a.type([f">>> {line}" for line in typed], Typing("spark", code, "pyspark"), form="python")
    a.printed(["10"], "")
    last = "paints.write.mode('overwrite').parquet('/tmp/paints')"
    a.type([f">>> {last}"], Typing("spark", last, "pyspark"), form="python")
    a.heading("The table")
    columns = [("player", "string"), ("host", "string"), ("colour", "string")]
    statement = " ".join(jobs.table("paints", columns, "/tmp/paints").split())
    a.do("cloudera", f'hive -e "{statement}"')
    a.heading("Presto")
    a.execute("select player, count(*) as n from paints group by player order by player", ["player", "n"],
              [["nils", 3], ["olga", 7]])  # fmt: skip
    a.execute("select count(*) from paints", ["_col0"], [[10]])
    a.down()
    return Dress("forms", a.finished(), a.expected({"paints": 10}, Aid.ZOOKEEPER))


REDIS = """
  redis:
    image: redis:latest
    expose:
      - "6379"
"""


def store() -> Dress:
    """State in Redis with its client from pip; `docker exec -it`; a table by position, with names that Hive likes."""
    a = Author(14, "events-kaito", prompt="{me}@vm-w205:~/w205$ ", more="> ", details=True)
    a.heading("Swords and their owners")
    a.prose("Redis keeps how many swords each player has.")
    a.compose(REDIS)
    a.up()
    a.heading("Redis")
    a.do("mids", "pip install redis")
    a.hand_in(
        "game_api.py",
        jobs.app(
            """
@app.route("/buy_sword")
def buy_sword():
    owner = request.headers['Host']
    swords = r.incr('swords:' + owner)
    log_to_kafka('events', {'event_type': 'buy_sword', 'swords': int(swords)})
    return "You have " + str(swords) + " swords.\\n"
""",
            head=jobs.IMPORTS.replace("import json\n", "import json\nimport redis\n").replace(
                "app = Flask(__name__)\n", "app = Flask(__name__)\nr = redis.Redis(host='redis', port=6379)\n"
            ),
        ),
        shown=True,
    )
    a.topic("events")
    a.flask("game_api.py")
    a.heading("Load")
    for host, count in (("m1.verizon.net", 5), ("user2.att.com", 3)):
        inner = f'ab -n {count} -H "Host: {host}" http://localhost:5000/buy_sword'
        a.type(f"docker exec -it eventskaito_mids_1 {inner}", Typing("mids", inner))
        for number in range(1, count + 1):
            event = {"event_type": "buy_sword", "swords": number, **headers(host)}
            a.send("GET /buy_sword HTTP/1.0", "events", [event])
    a.log(a.sent)
    a.kafkacat("events")
    a.heading("Batch")
    columns = sorted(["timestamp", *a.sent[0].event])
    a.hand_in("filtered_writes.py", jobs.batch("sword", "events", "buy_sword", "/tmp/swords"), shown=True)
    a.spark("filtered_writes.py")
    a.shown(columns, a.sent)
    a.heading("The table")
    a.prose("Hive gets names without a hyphen; Presto goes by the columns' places.")
    kinds = [(name.replace("-", "_"), "long" if name == "swords" else "string") for name in columns]
    statement = jobs.table("swords", kinds, "/tmp/swords").split("\n")
    heredoc = ["hive <<'EOF'", *statement[:-1], statement[-1] + ";", "EOF"]
    a.type(["docker-compose exec -T cloudera hive <<'EOF'", *heredoc[1:]], Typing("cloudera", "\n".join(heredoc)))
    a.heading("Presto")
    best = [["m1.verizon.net", 5], ["user2.att.com", 3]]
    a.execute("select host, max(swords) as swords from swords group by host order by host", ["host", "swords"], best)
    sql = "select user_agent, count(*) as n from swords group by user_agent"
    a.execute(sql, ["user_agent", "n"], [["ApacheBench/2.3", 8]])
    lower = [name for name, _ in kinds]
    rows = [row(each, columns) for each in a.sent if each.event["swords"] == 5]
    a.execute("select * from swords where swords = 5", [name.lower() for name in lower], rows)
    a.down()
    expected = a.expected({"swords": 8}, Aid.ZOOKEEPER, Aid.UDF, Aid.ROWS, packages=frozenset({"redis"}))
    return Dress("store", a.finished(), expected)


def restart() -> Dress:
    """A first try is thrown away: the cluster goes down and comes up again, and holds only what came afterwards."""
    a = Author(15, "project-3-mira", prompt="$ ", lead="mixed")
    a.heading("The second try")
    a.prose("My first try had the wrong player in it.")
    a.compose()
    a.up()
    a.hand_in("game_api.py", jobs.app(route("/buy_bow", "buy_bow", "Twang")), shown=True)
    a.topic("events")
    a.flask("game_api.py")
    job = jobs.batch("bow", "events", "buy_bow", "/tmp/bows")
    for player, count in (("wrong.example.org", 3), ("right.example.org", 4)):
        a.ab(f'-n {count} -H "Host: {player}"', "/buy_bow", "Twang\n", "events", plain("buy_bow", player))
        a.kafkacat("events")
        a.hand_in("filtered_writes.py", job, shown=count == 3)
        a.spark("filtered_writes.py")
        a.ls("/tmp/bows", 1)
        if count == 3:
            a.prose("Away with all of it:")
            a.host("docker-compose down")
            a.sent.clear()
            a.up()
            a.topic("events")
            a.flask("game_api.py")
    columns = sorted(["timestamp", *a.sent[0].event])
    kinds = [(name.replace("-", "_"), "string") for name in columns]
    statement = " ".join(jobs.table("bows", kinds, "/tmp/bows").split()).replace("'", '"')
    a.do("cloudera", f"hive -e '{statement}'")
    a.heading("Presto")
    sql = "select host, count(*) as n from bows group by host"
    a.execute(sql, ["host", "n"], [["right.example.org", 4]])
    a.execute("select count(*) from bows", ["_col0"], [[4]])
    a.down()
    return Dress("restart", a.finished(), a.expected({"bows": 4}, Aid.ZOOKEEPER, Aid.UDF, Aid.ROWS))
