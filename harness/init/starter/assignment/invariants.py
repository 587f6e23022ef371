"""What must hold across the steps."""

from harness import Evidence, Fact, invariant


@invariant("visits made = messages in the topic")
def messages(e: Evidence) -> tuple[Fact, Fact]:
    """Each visit is in Kafka, once."""
    return e.total("visits", "ab", "complete"), e.last("visits", "json_lines", "messages")


@invariant("visits made = visits through Presto")
def counted(e: Evidence) -> tuple[Fact, Fact]:
    """No visit is lost on the way to SQL."""
    total = e.last("sql", "presto", "values")
    return e.total("visits", "ab", "complete"), int(str(total[0][0])) if isinstance(total, list) else None
