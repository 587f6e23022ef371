"""Small jars that the servers need beside the published ones, made once into the cache.

- `empty-site.jar`: FsShell wants a core-site.xml on its class path; the real settings come by `-conf`.
- `hdfs-webapps.jar`: the web pages out of the minicluster's jar, with an index, so that `/` of a NameNode answers
  (and both servers need not search the big jar).
- `pyspark-jars/`: the jars that come with pyspark, under a path that every clone of the project shares.
- `class-data/`: the class-data archives that Java programs make of themselves (see `java_programs`).
- `metastore-changed.jar`, `presto-changed.jar`: classes changed by `class_patches`, first on the class path.
"""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from pathlib import Path

from harness.cluster.toolchain import class_patches
from harness.cluster.toolchain.fetch import maven_dir
from harness.cluster.toolchain.lock import Artifact, components
from harness.locks import exclusive

FORMAT = "5"


def prepared_dir(cache_dir: Path, pyspark_version: str, own: Path | None = None) -> Path:
    """Give the folder for this lock and this pyspark; another lock, such as a project's own, has another folder."""
    parts = [item.sha256 for name in ("hdfs", "presto") for item in components(own)[name].artifacts]
    key = hashlib.sha256(" ".join((FORMAT, pyspark_version, *parts)).encode()).hexdigest()[:12]
    return cache_dir / "prepared" / key


def ensure(cache_dir: Path, pyspark_jars: Path, pyspark_version: str, own: Path | None = None) -> Path:
    """Make the jars when they are missing. Returns their folder. `own` is a project's own lock file."""
    folder = prepared_dir(cache_dir, pyspark_version, own)
    done = folder / "done"
    if done.exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    with exclusive(cache_dir / "prepare.lock"):
        maven = maven_dir(cache_dir)
        _jar(folder / "empty-site.jar", {"core-site.xml": b"<configuration/>\n"})
        _jar(folder / "hdfs-webapps.jar", _webapps(maven / components(own)["hdfs"].artifacts[0].path))
        hive_common = next(pyspark_jars.glob("hive-common-*.jar"))
        airlift_jmx, netty, presto_main = (
            maven / _presto_artifact(name, own).path
            for name in ("com.facebook.airlift:jmx", "io.netty:netty-transport", "com.facebook.presto:presto-main")
        )
        patched = {
            "metastore-changed.jar": {
                "org/apache/hadoop/hive/common/auth/HiveAuthUtils.class": (
                    hive_common,
                    class_patches.metastore_on_loopback,
                )
            },
            "presto-changed.jar": {
                "com/facebook/airlift/jmx/JmxAgent9.class": (airlift_jmx, class_patches.presto_without_jmx_agent),
                "com/facebook/presto/server/PluginManager.class": (
                    presto_main,
                    class_patches.presto_plugins_from_the_class_path,
                ),
                "io/netty/bootstrap/AbstractBootstrap.class": (netty, class_patches.netty_on_loopback),
            },
        }
        for name, changes in patched.items():
            _jar(folder / name, {entry: change(_read(source, entry)) for entry, (source, change) in changes.items()})
        _link_all(pyspark_jars, folder / "pyspark-jars")
        archives_dir(folder).mkdir(exist_ok=True)
        done.touch()
    return folder


def archives_dir(prepared: Path) -> Path:
    """Give the folder of the Java programs' class-data archives."""
    return prepared / "class-data"


def _link_all(source: Path, target: Path) -> None:
    """Put a folder's files under another path, without taking space where the disk is the same.

    A class-data archive holds only for the paths and times of the jars that it was made with; these stay when a
    virtual environment goes.
    """
    target.mkdir(exist_ok=True)
    for file in source.glob("*.jar"):
        link(file, target / file.name)


def link(source: Path, target: Path) -> None:
    """Put a file under another path, where there is none yet: as a hard link, or as a copy on another disk."""
    if target.exists():
        return
    draft = target.with_suffix(".new")
    draft.unlink(missing_ok=True)
    try:
        draft.hardlink_to(source)
    except OSError:
        shutil.copy2(source, draft)
    draft.replace(target)


def _presto_artifact(name: str, own: Path | None) -> Artifact:
    return next(item for item in components(own)["presto"].artifacts if item.coordinate.startswith(f"{name}:"))


def _read(source: Path, entry: str) -> bytes:
    with zipfile.ZipFile(source) as jar:
        return jar.read(entry)


def _jar(path: Path, entries: dict[str, bytes]) -> None:
    draft = path.with_suffix(".new")
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as jar:
        for name, content in entries.items():
            jar.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), content)
    draft.replace(path)


def _webapps(minicluster: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(minicluster) as jar:
        entries = {name: jar.read(name) for name in jar.namelist() if name.startswith("webapps/")}
    for role in ("hdfs", "datanode"):
        entries[f"webapps/{role}/index.html"] = f"<!doctype html><title>{role}</title><p>{role}: see /jmx\n".encode()
    return entries
