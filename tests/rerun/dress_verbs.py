"""Dresses of the web API: verbs, bodies, forms, cookies, state."""

from __future__ import annotations

from rerun import jobs
from rerun.author import Author, Dress, headers, row
from rerun.expected import Aid, Typing

JSON_TYPE = "application/json"


def bodies() -> Dress:
    """POST without a body and with one; a topic of its own name; a batch job, then CTAS over what that job wrote."""
    a = Author(11, "project-3-mira", cat=True, lead="output:")
    a.heading("Project 3: a potion shop")
    a.prose("We track who opens chests and who buys potions, from the web server to SQL.")
    a.compose()
    a.up(ps=True)
    potion = '{"colour": "red", "sips": "3"}\n'
    a.hand_in("potion.json", potion)
    a.heading("The API")
    a.hand_in(
        "game_api.py",
        jobs.app(
            """
@app.route("/")
def default_response():
    default_event = {'event_type': 'default'}
    log_to_kafka('shop-events', default_event)
    return "This is the default response!\\n"
""",
            """
@app.route("/open_chest", methods=['POST'])
def open_chest():
    open_chest_event = {'event_type': 'open_chest'}
    log_to_kafka('shop-events', open_chest_event)
    return "The chest is open.\\n"
""",
            """
@app.route("/buy_potion", methods=['POST'])
def buy_potion():
    buy_potion_event = {'event_type': 'buy_potion'}
    buy_potion_event.update(request.get_json())
    log_to_kafka('shop-events', buy_potion_event)
    return "Cheers!\\n"
""",
        ),
        shown=True,
    )
    a.heading("The topic")
    a.topic("shop-events", "--bootstrap-server kafka:29092")
    a.flask("game_api.py")
    a.heading("Requests")
    body = {"Content-Type": JSON_TYPE, "Content-Length": str(len(potion))}
    post = f"-p {a.inside('potion.json')} -T {JSON_TYPE}"
    first = len(a.sent)
    for host, chests, potions in (("ada.example.org", 4, 6), ("brutus.example.net", 2, 3)):
        name = f'-H "Host: {host}"'
        a.ab(f"-n 1 {name}", "/", "This is the default response!\n", "shop-events",
             {"event_type": "default", **headers(host)})  # fmt: skip
        a.ab(f"-n {chests} -m POST {name}", "/open_chest", "The chest is open.\n", "shop-events",
             {"event_type": "open_chest", **headers(host)}, verb="POST")  # fmt: skip
        a.ab(f"-n {potions} {post} {name}", "/buy_potion", "Cheers!\n", "shop-events",
             {"event_type": "buy_potion", "colour": "red", "sips": "3", **headers(host, **body)},
             verb="POST", posted=len(potion))  # fmt: skip
    a.log(a.sent[first:])
    a.prose("All of them have arrived:")
    a.kafkacat("shop-events")
    a.do("mids", 'bash -c "kafkacat -C -b kafka:29092 -t shop-events -o beginning -e -q | wc -l"')
    a.printed([str(len(a.sent))], "")
    bought = [each for each in a.sent if each.event["event_type"] == "buy_potion"]
    columns = sorted(["timestamp", *bought[0].event])
    a.heading("Potions to HDFS")
    a.hand_in("filtered_writes.py", jobs.batch("potion", "shop-events", "buy_potion", "/tmp/potions"), shown=True)
    a.spark("filtered_writes.py")
    a.shown(columns, bought)
    a.ls("/tmp/potions", 1)
    a.heading("The table")
    made = jobs.batch(
        "potion", "shop-events", "buy_potion", "", jobs.ctas("potion", "potions", "/tmp/potions"), hive=True
    )
    a.hand_in("write_hive_table.py", made, shown=True)
    a.spark("write_hive_table.py")
    a.shown(columns, bought)
    a.heading("Queries")
    a.execute("show tables", ["Table"], [["potions"]])
    a.execute("select host, count(*) as n from potions group by host order by host", ["host", "n"],
              [["ada.example.org", 6], ["brutus.example.net", 3]])  # fmt: skip
    a.execute("select count(*) from potions", ["_col0"], [[9]])
    a.down()
    return Dress("bodies", a.finished(), a.expected({"potions": 9}, Aid.UDF, Aid.ROWS, Aid.CTAS))


def verbs() -> Dress:
    """PUT by `ab -u`, DELETE by curl, path parameters with a slash at the end; a topic that makes itself; `hive -f`."""
    a = Author(12, "items-t-okafor", report="report.md", prompt="$ ", heading="setext", info="all")
    a.heading("Items")
    a.prose("Players keep items; each change is an event.")
    a.compose()
    a.up()
    item = '{"colour": "brass"}'
    a.hand_in("code/item.json", item)
    a.hand_in(
        "code/game_api.py",
        jobs.app(
            """
@app.route("/items/<name>/", methods=['PUT', 'DELETE'])
def items(name):
    if request.method == 'DELETE':
        log_to_kafka('inventory', {'event_type': 'delete_item', 'item': name})
        return "It is gone.\\n"
    put_item_event = {'event_type': 'put_item', 'item': name}
    put_item_event.update(request.get_json())
    log_to_kafka('inventory', put_item_event)
    return "It is yours.\\n"
""",
            """
@app.route("/guild/<name>/join", methods=['POST'])
def join(name):
    log_to_kafka('inventory', {'event_type': 'join_guild', 'guild': name})
    return "Welcome!\\n"
""",
        ),
    )
    a.heading("The web server")
    a.flask("code/game_api.py", " --port 5000")
    a.prose("Kafka creates the topic by itself with the first message.")
    body = {"Content-Type": JSON_TYPE, "Content-Length": str(len(item))}

    def put(agent: str, host: str) -> dict[str, str]:
        return {"event_type": "put_item", "item": "lamp", "colour": "brass", **headers(host, agent, **body)}

    first = a.curl(f"-X PUT -H 'Content-Type: {JSON_TYPE}' -d '{item}'", "/items/lamp/", "It is yours.\n", "inventory",
                   put("curl/7.47.0", "localhost:5000"), "PUT")  # fmt: skip
    gone = {"event_type": "delete_item", "item": "lamp", **headers("localhost:5000", "curl/7.47.0")}
    for _ in range(2):
        a.curl("-X DELETE", "/items/lamp/", "It is gone.\n", "inventory", gone, "DELETE")
    joined = {"event_type": "join_guild", "guild": "wolves", **headers("cleo.example.com")}
    a.ab(
        '-n 3 -m POST -H "Host: cleo.example.com"', "/guild/wolves/join", "Welcome!\n", "inventory", joined, verb="POST"
    )
    a.heading("The stream")
    fields = [(name, "string") for name in ("Accept", "Host", "User-Agent", "event_type", "item", "colour")]
    sink = jobs.sink("put_item", "put_item", "/tmp/put_items", 5)
    functions = [jobs.schema("put_item", fields), jobs.wanted("put_item", "put_item")]
    a.hand_in("code/put_items.py", jobs.stream("inventory", [sink], functions, earliest=True), shown=True)
    a.spark("code/put_items.py", stops=True)
    a.prose("I feed it with a loop of 3 rounds:")
    inner = f"ab -n 4 -u {a.inside('code/item.json')} -T {JSON_TYPE} http://localhost:5000/items/lamp/"
    a.type(["for i in {1..3}; do", f"  docker-compose exec mids {inner}", "  sleep 2", "done"],
           Typing("mids", inner, loop="finite"), Typing(None, "sleep 2", loop="finite"))  # fmt: skip
    for _ in range(3):
        first += a.send("PUT /items/lamp/ HTTP/1.0", "inventory", [put("ApacheBench/2.3", "localhost:5000")] * 4)
    a.heading("The table")
    columns = jobs.streamed(fields)
    a.hand_in("code/tables.hql", jobs.table("put_items", columns, "/tmp/put_items") + ";\n", shown=True, form="sql")
    a.do("cloudera", f"hive -f {a.inside('code/tables.hql')}")
    a.ls("/tmp/put_items", 4, streamed=True)
    a.heading("Presto")
    a.at_presto()
    prompt = "presto:default> "
    a.ask("select count(*) from put_items", ["_col0"], [[13]], prompt)
    a.ask("select item, colour, count(*) as n from put_items group by item, colour", ["item", "colour", "n"],
          [["lamp", "brass", 13]], prompt)  # fmt: skip
    a.down()
    return Dress("verbs", a.finished(), a.expected({"put_items": 13}, Aid.UDF))


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
    heredoc = ["hive <<EOF", *statement[:-1], statement[-1] + ";", "EOF"]
    a.type(["docker-compose exec -T cloudera hive <<EOF", *heredoc[1:]], Typing("cloudera", "\n".join(heredoc)))
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
