"""Options, 6: what the events tell, asked through Presto."""

from common import query

from harness import Capture, Run, StepRecord, step

BOUGHT = """select item_type, player_id, quantity, unit_price from item_events
where event_type = 'purchase_item' and player_id like 'p__'
union all select item_type, player_id, quantity, unit_price from order_lines where player_id like 'p__'"""
"""What the simulator's players bought: they are called p01, p02 and so on."""

BY_TYPE = f"""select item_type, sum(quantity) as items, sum(quantity * unit_price) as gold
from ({BOUGHT}) bought group by 1 order by 3 desc, 1"""
BY_PLAYER = f"""select player_id, item_type, sum(quantity * unit_price) as gold
from ({BOUGHT}) bought group by 1, 2 order by 1, 2"""
GUILD_SIZES = """select first as after_events, guild_name,
  sum(case event_type when 'join_guild' then 1 else -1 end) as members
from guild_events cross join unnest(sequence(5, 40, 5)) as moments (first)
where sequence <= first group by 1, 2 order by 1, 2"""
CONVERSION = """select count(distinct c.cart_id) as carts, count(distinct o.cart_id) as paid,
  round(100.0 * count(distinct o.cart_id) / count(distinct c.cart_id), 1) as percent
from cart_events c left join order_lines o on c.cart_id = o.cart_id"""
VALUE = """select held.player_id, sum(held.quantity) as items, sum(held.quantity * items.resale_price) as gold
from player_items_batch held join items on held.item_id = items.item_id group by 1 order by 3 desc, 1"""


@step("Options: what the events tell, through Presto", optional=True)
def test_analytics(run: Run, state_stream: StepRecord) -> None:
    """
    The tables answer what a game's owner asks. What the simulator's players buy, by type and by player: bought at once
    and by the cart together. How guilds grow: their members after each player's first five, ten, fifteen events. How
    many carts are paid in the end. What the players' belongings would bring if they sold them all.

    The game is the same every time, so these numbers are, too. The notebook `reports/analysis.ipynb` asks the same,
    through Presto's Python driver, and draws the answers; it runs here from top to bottom, and its numbers must be the
    command line's.
    """
    by_type = query(run, BY_TYPE)
    by_player = query(run, BY_PLAYER)
    run.expect("gold by type = gold by player", _sum(by_player.facts["values"]), _sum(by_type.facts["values"]))
    sizes = query(run, GUILD_SIZES)
    converted = query(run, CONVERSION)
    carts = converted.facts["values"]
    assert isinstance(carts, list)
    run.expect("no more carts were paid than there are", int(carts[0][1]) <= int(carts[0][0]), True)
    worth = query(run, VALUE)

    notebook = run.notebook("reports/analysis.ipynb")
    answers = (by_type, by_player, sizes, converted, worth)
    tables = notebook.facts["tables"]
    assert isinstance(tables, list)
    run.expect("the notebook: tables", len(tables), len(answers))
    for asked, table in zip(answers, tables, strict=False):
        run.expect(f"the notebook = the command line: {_columns(asked)}", table["values"], asked.facts["values"])


def _columns(capture: Capture) -> str:
    columns = capture.facts["columns"]
    assert isinstance(columns, list)
    return ", ".join(map(str, columns))


def _sum(values: object) -> int:
    assert isinstance(values, list)
    return sum(int(row[-1]) for row in values)
