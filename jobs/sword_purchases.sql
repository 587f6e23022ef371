-- The table over the files of write_swords_stream.py, below the same folder: `HDFS_ROOT=/tmp hive -f
-- jobs/sword_purchases.sql`.
-- The columns stand as in the files, since Presto may read them by position.
drop table if exists `sword_purchases`;

create external table `sword_purchases` (
  `raw_event` string,
  `timestamp` string,
  `Accept` string,
  `Host` string,
  `User-Agent` string,
  `event_type` string
)
stored as parquet
location '${env:HDFS_ROOT}/sword_purchases';
