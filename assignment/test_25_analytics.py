"""Options, 6: what the events tell, asked through Presto."""

from common import query

from harness import Run, StepRecord, step

BOUGHT = """select item_type, player_id, quantity, unit_price from item_events where event_type = 'purchase_item'
union all select item_type, player_id, quantity, unit_price from order_lines"""
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
    The tables answer what a game's owner asks. What sells, by type and by player: bought at once and by the cart
    together. How guilds grow: their members after each player's first five, ten, fifteen events. How many carts are
    paid in the end. What the players' belongings would bring if they sold them all.

    The game is the same every time, so these numbers are, too.
    """
    by_type = query(run, BY_TYPE)
    by_player = query(run, BY_PLAYER)
    run.expect("gold by type = gold by player", _sum(by_player.facts["values"]), _sum(by_type.facts["values"]))
    query(run, GUILD_SIZES)
    converted = query(run, CONVERSION)
    carts = converted.facts["values"]
    assert isinstance(carts, list)
    run.expect("no more carts were paid than there are", int(carts[0][1]) <= int(carts[0][0]), True)
    query(run, VALUE)


def _sum(values: object) -> int:
    assert isinstance(values, list)
    return sum(int(row[-1]) for row in values)
