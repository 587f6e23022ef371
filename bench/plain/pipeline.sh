#!/usr/bin/env bash
# The commands of the standard run as a script by hand has them: one after another, asking again where it must wait.
# It runs in the folder of the project; $PLAIN is the folder that bench/plain/cluster.py made, where `in/SERVICE` runs a
# command and `trace` keeps what each one took: microseconds, service, command.
set -euo pipefail

on() { # SERVICE COMMAND
  local start=${EPOCHREALTIME/./}
  "$PLAIN/in/$1" "$2" >"$PLAIN/output" 2>"$PLAIN/errors" || { echo "failed: $2"; tail -n 20 "$PLAIN/output" "$PLAIN/errors"; exit 1; }
  printf '%s\t%s\t%s\n' $((${EPOCHREALTIME/./} - start)) "$1" "$2" >>"$PLAIN/trace"
}

begin() { # FILE SERVICE COMMAND: runs in the background, and its output is in FILE; $! is its process
  "$PLAIN/in/$2" "$3" >"$PLAIN/$1" 2>&1 &
}

end() { # PROCESS
  kill "$1"
  wait "$1" || true
}

until_said() { # FILE WORDS
  until grep -qs -- "$2" "$PLAIN/$1"; do sleep 0.2; done
}

load() {
  for user in user1.comcast.com user2.att.com; do
    for path in / /purchase_a_sword; do
      on mids "ab -n 10 -H 'Host: $user' http://localhost:5000$path"
    done
  done
}

asked() { # SQL: the command that asks Presto
  printf 'presto --server presto:8080 --catalog hive --schema default --output-format ALIGNED --execute "%s"' "$1"
}

presto() { # SQL
  on presto "$(asked "$1")"
}

count() { # SQL: may fail
  "$PLAIN/in/presto" "$(asked "$1")" 2>/dev/null || true
}

for file in app/game_api.py jobs/{game_events,filtered_writes,write_hive_table,filter_swords_batch}.py \
  jobs/{filter_swords_stream,write_swords_stream}.py jobs/sword_purchases.sql jobs/write_guilds_table.py \
  schemas/{default,purchase_sword,join_guild}.json; do
  on mids "cat $file"
done

begin api mids 'env FLASK_APP=app/game_api.py flask run'
api=$!
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
until curl -sf http://localhost:5000/healthz >/dev/null; do sleep 0.2; done
on mids 'env FLASK_APP=app/game_api.py flask routes'
on mids 'curl -s -i http://localhost:5000/healthz'

on kafka 'kafka-topics --create --topic events --partitions 1 --replication-factor 1 --if-not-exists --zookeeper zookeeper:32181'
on kafka 'kafka-topics --describe --topic events --bootstrap-server kafka:29092'
begin watched mids 'kafkacat -C -b 127.0.0.1:29092 -t events -o beginning'
watcher=$!
on mids "curl -s -i -H 'Host: user1.comcast.com' http://localhost:5000/"
on mids "curl -s -i -H 'Host: user1.comcast.com' http://localhost:5000/purchase_a_sword"
until_said watched purchase_sword
end $watcher
on kafka "echo '{\"version\": 1, \"partitions\": [{\"topic\": \"events\", \"partition\": 0, \"offset\": -1}]}' | kafka-delete-records --bootstrap-server kafka:29092 --offset-json-file /dev/stdin"

load
on mids 'kafkacat -C -b 127.0.0.1:29092 -t events -o beginning -e'

on spark 'spark-submit jobs/filtered_writes.py'
on cloudera 'hadoop fs -ls /tmp/'
on cloudera 'hadoop fs -ls /tmp/purchases'

on spark 'spark-submit jobs/write_hive_table.py'
on cloudera 'hive -e "select count(*) from purchases"'

presto 'show tables'
presto 'describe purchases'
presto 'select * from purchases'
presto 'select count(*) from purchases'
presto 'select host, count(*) from purchases group by host order by host'

on spark 'spark-submit jobs/filter_swords_batch.py'

begin streamed spark 'spark-submit jobs/filter_swords_stream.py'
driver=$!
until_said streamed '^Batch: 0'
load
until [ "$(grep -c '|purchase_sword|' "$PLAIN/streamed")" -ge 20 ]; do sleep 0.2; done
end $driver

begin written spark 'spark-submit jobs/write_swords_stream.py'
driver=$!
until "$PLAIN/in/cloudera" 'hadoop fs -ls /tmp/sword_purchases/_spark_metadata' >"$PLAIN/output" 2>&1; do sleep 0.2; done
on cloudera 'hive -f jobs/sword_purchases.sql'
begin fed mids 'while true; do
  ab -n 10 -H "Host: user1.comcast.com" http://localhost:5000/purchase_a_sword
  sleep 10
done'
feed=$!
until [ "$(grep -c '^Complete requests: *10$' "$PLAIN/fed")" -ge 3 ]; do sleep 0.2; done
end $feed
# Presto fails where it meets a file that the stream still writes.
until count 'select count(*) from sword_purchases' | grep -q '^ *30 *$'; do sleep 0.2; done
end $driver
on cloudera 'hadoop fs -ls /tmp/sword_purchases'
presto 'select count(*) from sword_purchases'
presto "select regexp_extract(\\\"\\\$path\\\", '[^/]+\$') as file, count(*) as purchases from sword_purchases group by 1 order by 2 desc"

on mids 'kafkacat -C -b 127.0.0.1:29092 -t events -o beginning -e'
on mids 'ab -n 10 -H "Host: user1.comcast.com" http://localhost:5000/join_guild/knights'
on mids 'ab -n 10 -H "Host: user2.att.com" http://localhost:5000/join_guild/wizards'
on mids 'kafkacat -C -b 127.0.0.1:29092 -t events -o beginning -e'
on spark 'spark-submit jobs/write_guilds_table.py'
presto 'describe guild_joins'
presto 'select count(*) from guild_joins'
presto 'select guild_name, host, count(*) from guild_joins group by 1, 2 order by 1'
grep -q knights "$PLAIN/output" && grep -q wizards "$PLAIN/output"
