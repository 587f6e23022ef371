"""Beyond the original: the second event of the task, join guild, with its metadata."""

from common import REQUESTS, USERS, on_topic, query, scalar

from harness import Run, StepRecord, step

GUILDS = {"user1.comcast.com": "knights", "user2.att.com": "wizards"}
COLUMNS = ["accept", "host", "user-agent", "event_type", "guild_name", "timestamp"]


@step("The second event of the task: join a guild, with the guild's name")
def test_guild(run: Run, load: StepRecord) -> None:
    """
    The task names two events, *buy a sword* and *join guild*, and says that each has metadata. The original stopped at
    the sword. Here is the other one: `/join_guild/NAME` makes an event `join_guild` that carries the guild's name in
    `guild_name`. Each player joins a guild ten times (Apache Bench repeats itself).

    The events take the same way as the purchases: into the topic, through a Spark job that keeps their type and the
    sixth column, to Parquet on HDFS, into the table `guild_joins`, and out through Presto, counted at each place.
    """
    before = on_topic(run).get("join_guild", 0)
    for user, guild in GUILDS.items():
        ab = run("mids", f'ab -n {REQUESTS} -H "Host: {user}" http://localhost:5000/join_guild/{guild}')
        run.expect(f"{user}: complete requests", ab.facts["complete"], REQUESTS)
        run.expect(f"{user}: failed requests", ab.facts["failed"], 0)
        run.expect(f"{user}: responses other than 2xx", ab.facts["non_2xx"], 0)
    log = run.look("api")
    sent = len(USERS) * REQUESTS
    run.expect("lines in the server's log", log.facts["requests"], sent)
    expected = on_topic(run).get("join_guild", 0)
    run.expect("new messages in the topic", expected - before, sent)

    job = run("spark", "spark-submit jobs/write_guilds_table.py")
    run.expect("rows shown", job.facts["rows"], expected)
    described = query(run, "describe guild_joins")
    run.expect("columns and types", described.facts["describe"], dict.fromkeys(COLUMNS, "varchar"))
    counted = query(run, "select count(*) from guild_joins")
    run.expect("rows through Presto", scalar(counted), expected)
    by_guild = query(run, "select guild_name, host, count(*) from guild_joins group by 1, 2 order by 1")
    each = str(expected // len(GUILDS))
    run.expect("rows by guild and player", by_guild.facts["values"], [[g, u, each] for u, g in GUILDS.items()])
