"""Dresses of the web API: verbs, bodies, forms, cookies, state."""

from __future__ import annotations

from rerun import jobs
from rerun.author import Author
from rerun.books import Dress, headers
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
