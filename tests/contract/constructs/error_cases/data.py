"""Where data is kept, and what tells of its changes."""

CASES = {
    # Tables
    "key_missing": 'Table(stack, "notes")',
    "key_without_a_type": 'Table(stack, "notes", partition_key="userId")',
    "key_type_misspelt": 'Table(stack, "notes", partition_key=("userId", "str"))',
    "key_of_another_kind": 'Table(stack, "notes", partition_key=("userId", "string"), sort_key=("a", "string", "b"))',
    "index_setting_misspelt": (
        'Table(stack, "notes", partition_key=("id", "string"), indexes={"byTag": {"partitionKey": ("tag", "string")}})'
    ),
    "index_without_a_key": 'Table(stack, "notes", partition_key=("id", "string"), indexes={"byTag": {}})',
    "index_projection_misspelt": (
        'Table(stack, "notes", partition_key=("id", "string"),\n'
        '    indexes={"byTag": {"partition_key": ("tag", "string"), "projection": "key_only"}})'
    ),
    # Queues
    "visibility_below_the_timeout": 'Queue(stack, "jobs", consumer="functions/reminders.send", visibility_timeout=5)',
    "visibility_too_long": 'Queue(stack, "jobs", visibility_timeout="1 day")',
    "batch_too_large": 'Queue(stack, "jobs", consumer="functions/reminders.send", batch_size=20000)',
    "batch_too_large_for_fifo": 'Queue(stack, "jobs", consumer="functions/reminders.send", fifo=True, batch_size=11)',
    "batch_without_a_window": 'Queue(stack, "jobs", consumer="functions/reminders.send", batch_size=11)',
    "window_too_long": 'Queue(stack, "jobs", consumer="functions/reminders.send", batch_window="10 minutes")',
    "window_of_a_fifo_queue": 'Queue(stack, "jobs", consumer="functions/reminders.send", fifo=True, batch_window=5)',
    "dead_letters_of_another_kind": 'Queue(stack, "jobs", fifo=True, dead_letter=Queue(stack, "failed"))',
    "queue_with_a_second_consumer": (
        'Queue(stack, "jobs", consumer="functions/notes.get").add_consumer("functions/notes.create")'
    ),
    "queue_with_a_later_consumer_that_is_too_slow": (
        'Queue(stack, "jobs").add_consumer({"handler": "functions/notes.get", "timeout": 60})'
    ),
    "queue_with_a_later_consumer_misspelt": (
        'Queue(stack, "jobs").add_consumer("functions/notes.get", batch_sise=2)'
    ),
    # Buckets
    "bucket_event_misspelt": (
        'Bucket(stack, "photos", notifications={"new": {"function": "functions/notes.get", "events": ["object_create"]}})'
    ),
    "notifications_that_overlap": (
        'Bucket(stack, "photos", notifications={\n'
        '    "all": {"function": "functions/notes.get", "events": ["object_created"]},\n'
        '    "jpg": {"function": "functions/notes.create", "events": ["object_created_put"], "suffix": ".jpg"}})'
    ),
    "bucket_cors_of_another_kind": 'Bucket(stack, "photos", cors="*")',
    "bucket_cors_setting_misspelt": 'Bucket(stack, "photos", cors={"allow_origins": ["*"]})',
    "bucket_cors_method_unknown": 'Bucket(stack, "photos", cors={"allowed_methods": ["GET", "OPTIONS"]})',
    "bucket_notifies_a_fifo_queue": (
        'Bucket(stack, "photos", notifications={"new": Queue(stack, "jobs", fifo=True)})'
    ),
    # Streams
    "stream_position_misspelt": (
        'KinesisStream(stack, "clicks", consumers={"count": {\n'
        '    "function": "functions/notes.get", "starting_position": "TRIM_HORIZON"}})'
    ),
    "stream_retries_too_many": (
        'KinesisStream(stack, "clicks", consumers={"count": {"function": "functions/notes.get", "retries": 10001}})'
    ),
    "stream_age_too_short": (
        'KinesisStream(stack, "clicks", consumers={"count": {"function": "functions/notes.get", "max_age": 5}})'
    ),
    "stream_batch_too_large": (
        'KinesisStream(stack, "clicks", consumers={"count": {"function": "functions/notes.get", "batch_size": 20000}})'
    ),
    "stream_failures_to_a_fifo_queue": (
        'KinesisStream(stack, "clicks", consumers={"count": {\n'
        '    "function": "functions/notes.get", "on_failure": Queue(stack, "failed", fifo=True)}})'
    ),
    "stream_failures_to_a_function": (
        'KinesisStream(stack, "clicks", consumers={"count": {\n'
        '    "function": "functions/notes.get", "on_failure": Function(stack, "f", handler="functions/notes.get")}})'
    ),
    "kinesis_without_shards": 'KinesisStream(stack, "clicks", shards=0)',
    "kinesis_retention_too_short": 'KinesisStream(stack, "clicks", retention="1 hour")',
    # Streams of tables
    "table_stream_misspelt": 'Table(stack, "notes", partition_key=("id", "string"), stream="new_images")',
    "table_consumers_without_a_stream": (
        'Table(stack, "notes", partition_key=("id", "string"), stream=False, consumers={"a": "functions/notes.get"})'
    ),
    "table_consumer_added_without_a_stream": (
        'Table(stack, "notes", partition_key=("id", "string")).add_consumers({"a": "functions/notes.get"})'
    ),
    "table_consumer_at_a_moment": (
        'import datetime\n'
        'Table(stack, "notes", partition_key=("id", "string"), consumers={"a": {\n'
        '    "function": "functions/notes.get", "starting_position": datetime.datetime(2026, 1, 1)}})'
    ),
    "local_index_without_a_sort_key": (
        'Table(stack, "notes", partition_key=("id", "string"), local_indexes={"byTag": {"sort_key": ("tag", "string")}})'
    ),
    "local_index_setting_misspelt": (
        'Table(stack, "notes", partition_key=("id", "string"), sort_key=("at", "number"),\n'
        '    local_indexes={"byTag": {"partition_key": ("tag", "string")}})'
    ),
    # Databases
    "database_engine_misspelt": 'Database(stack, "main", engine="postgresql")',
    "database_scaling_misspelt": 'Database(stack, "main", scaling={"maximum": 4})',
    "database_capacity_between": 'Database(stack, "main", scaling={"max": 1.3})',
    "database_capacity_the_wrong_way_round": 'Database(stack, "main", scaling={"min": 4, "max": 2})',
    "database_that_pauses_too_soon": 'Database(stack, "main", scaling={"pause_after": "1 minute"})',
    "database_that_cannot_pause": 'Database(stack, "main", scaling={"min": 1, "pause_after": "10 minutes"})',
    "database_migrations_missing": 'Database(stack, "main", migrations="migrations")',
    "database_without_a_secret": (
        'from aws_cdk import aws_rds as rds, SecretValue\n'
        'credentials = rds.Credentials.from_password("admin", SecretValue.unsafe_plain_text("x"))\n'
        'Database(stack, "main", cdk={"cluster": {"credentials": credentials}})'
    ),
    "database_imported_without_its_secret": (
        'cluster = aws_cdk.aws_rds.DatabaseCluster.from_database_cluster_attributes(stack, "raw", cluster_identifier="shop")\n'
        'Database(stack, "main", cdk={"cluster": cluster})'
    ),
    "database_imported_with_scaling": (
        'cluster = aws_cdk.aws_rds.DatabaseCluster.from_database_cluster_attributes(stack, "raw", cluster_identifier="shop")\n'
        'Database(stack, "main", scaling={"min": 1}, cdk={"cluster": cluster})'
    ),
}  # fmt: skip
