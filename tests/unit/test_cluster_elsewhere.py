"""The addresses of a cluster that exists: from flags, the environment or pyproject.toml; what cannot be is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from layouts import layout_in

from harness.cluster import commands, config_files
from harness.cluster.addresses import ORIGINAL, Addresses
from harness.cluster.elsewhere import NUMBERS, TEXTS, Elsewhere
from harness.errors import UsageError
from harness.settings import Settings, resolve

GIVEN = {
    "kafka": "127.0.0.1:9092,127.0.0.2:9092",
    "hdfs": "hdfs://namenode:8020",
    "metastore": "hive.example.org:9083",
    "presto": "presto.example.org:8080",
}
THERE = Elsewhere(**GIVEN, prefix="kim_1", user="kim", kafka_replicas=3, hdfs_replicas=2)


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("backend", "mode", *TEXTS, *NUMBERS):
        monkeypatch.delenv(f"HARNESS_{name.upper()}", raising=False)


def project(folder: Path, table: str = "") -> Path:
    (folder / "pyproject.toml").write_text(f"[tool.harness]\n{table}\n")
    return folder


def resolved(where: Path, table: str = "", /, **flags: object) -> Settings:
    return resolve(project=project(where, table), backend="running", running=flags)


def there(where: Path, table: str = "", /, **flags: object) -> Elsewhere:
    found = resolved(where, table, **flags).elsewhere
    assert found
    return found


def test_flags_are_enough_and_each_run_has_its_own_prefix(tmp_path: Path) -> None:
    one, other = there(tmp_path, **GIVEN), there(tmp_path, **GIVEN)
    assert one.listeners == {
        "kafka": GIVEN["kafka"],
        "namenode": "namenode:8020",
        "metastore": GIVEN["metastore"],
        "presto": GIVEN["presto"],
    }
    assert one.prefix != other.prefix
    assert (one.spark, one.kafka_replicas, one.folder) == ("local[2]", 1, "/tmp")


def test_each_value_comes_from_its_flag_else_the_environment_else_pyproject(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = ["[tool.harness.running]", *(f'{name} = "{value}"' for name, value in GIVEN.items())]
    lines += ["kafka_replicas = 2", 'prefix = "written"', "[tool.harness.running.spark_conf]"]
    lines += ['"spark.executor.memory" = "2g"', '"spark.speculation" = true']
    table = "\n".join(lines)
    found = there(tmp_path, table)
    assert (found.prefix, found.kafka_replicas) == ("written", 2)
    assert found.spark_conf == {"spark.executor.memory": "2g", "spark.speculation": "true"}
    monkeypatch.setenv("HARNESS_PREFIX", "said")
    monkeypatch.setenv("HARNESS_KAFKA_REPLICAS", "3")
    assert (there(tmp_path, table).prefix, there(tmp_path, table).kafka_replicas) == ("said", 3)
    assert there(tmp_path, table, prefix="typed").prefix == "typed"


def test_addresses_that_are_missing_are_named_together(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        there(tmp_path, kafka=GIVEN["kafka"], hdfs=GIVEN["hdfs"])
    text = str(refused.value)
    assert "does not know where metastore and presto are" in text
    assert "--presto coordinator:8080" in text
    assert "HARNESS_METASTORE and HARNESS_PRESTO" in text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("kafka", "broker"),
        ("kafka", "broker:9092,"),
        ("kafka", "broker:9092 other:9092"),
        ("kafka", "broker:99999"),
        ("hdfs", "namenode:8020"),
        ("hdfs", "hdfs://"),
        ("hdfs", "hdfs://namenode:8020/tmp"),
        ("metastore", "thrift://hive:9083"),
        ("presto", "http://presto:8080"),
        ("presto", "$(id):8080"),
        ("spark", "master:7077"),
        ("spark", "spark://master"),
        ("prefix", "No"),
        ("folder", "tmp"),
        ("user", "a b"),
        ("kafka_replicas", "0"),
        ("kafka_replicas", "many"),
        ("hdfs_replicas", "-1"),
    ],
)
def test_what_cannot_be_an_address_is_refused_by_the_place_where_it_stands(
    tmp_path: Path, name: str, value: str
) -> None:
    with pytest.raises(UsageError) as refused:
        there(tmp_path, **{**GIVEN, name: value})
    assert value in str(refused.value)
    assert refused.value.exit_code == 2


def test_a_name_that_is_no_setting_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no setting zookeeper"):
        there(tmp_path, '[tool.harness.running]\nzookeeper = "z:2181"', **GIVEN)


def test_its_flags_are_for_that_backend_alone(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--kafka, --presto: for the running backend"):
        resolve(project=project(tmp_path), running={"kafka": "a:1", "presto": "b:1", "hdfs": None})
    with pytest.raises(UsageError, match="--mode is for the local backend"):
        resolve(project=project(tmp_path), backend="running", mode="open", running=GIVEN)
    assert resolve(project=project(tmp_path)).elsewhere is None


def test_commands_reach_the_cluster_in_place_of_the_originals_addresses() -> None:
    here = Addresses("open", {name: port for name, (_, port) in ORIGINAL.items()}, THERE.listeners)
    assert here.translate("kafkacat -C -b kafka:29092 -t events") == f"kafkacat -C -b {GIVEN['kafka']} -t events"
    assert here.translate("presto --server presto:8080") == f"presto --server {GIVEN['presto']}"
    assert here.translate("hadoop fs -ls hdfs://cloudera/tmp") == "hadoop fs -ls hdfs://namenode:8020/tmp"
    assert here.translate("curl http://localhost:5000/") == "curl http://127.0.0.1:5000/"
    assert here.translate("kafka-topics --zookeeper zookeeper:32181") == "kafka-topics --zookeeper zookeeper:32181"
    assert here.host("namenode") == "namenode"


def test_clients_are_told_of_the_cluster_and_of_no_other_hosts(tmp_path: Path) -> None:
    from dataclasses import replace

    there = replace(THERE, spark="spark://master:7077", driver_host="192.0.2.7", spark_conf={"spark.cores.max": "4"})
    addresses = Addresses("open", {name: port for name, (_, port) in ORIGINAL.items()}, there.listeners)
    layout = replace(layout_in(tmp_path), addresses=addresses, elsewhere=there)
    spark = config_files.spark(layout)
    assert spark["spark.master"] == "spark://master:7077"
    assert spark["spark.driver.host"] == "192.0.2.7"
    assert spark["spark.cores.max"] == "4"
    assert spark["spark.sql.catalog.spark_catalog.defaultDatabase"] == "kim_1"
    assert spark["spark.hadoop.fs.defaultFS"] == "hdfs://namenode:8020"
    assert config_files.hadoop(layout)["dfs.replication"] == 2
    environment = commands.environment(layout, "spark")
    assert environment["KAFKA_BOOTSTRAP_SERVERS"] == GIVEN["kafka"]
    assert environment["HIVE_THRIFTSERVER"] == GIVEN["metastore"]
    assert (environment["HADOOP_USER_NAME"], environment["EVENTS_TOPIC"]) == ("kim", "kim_1-events")
