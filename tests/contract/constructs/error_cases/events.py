"""What sends events, and who receives them."""

CASES = {
    # Receivers of events
    "subscribers_in_a_list": 'Topic(stack, "orders", subscribers=["functions/reminders.send"])',
    "subscriber_without_a_fitting_name": 'Topic(stack, "orders", subscribers={"to mail": "functions/reminders.send"})',
    "subscriber_of_another_kind": 'Topic(stack, "orders", subscribers={"mail": 42})',
    "subscriber_that_is_two": (
        'Topic(stack, "orders", subscribers={"mail": {"function": "functions/reminders.send", "queue": Queue(stack, "q")}})'
    ),
    "subscriber_with_an_unknown_setting": (
        'Topic(stack, "orders", subscribers={"mail": {"function": "functions/reminders.send", "filters": {}}})'
    ),
    "subscriber_with_a_setting_of_the_function": (
        'Topic(stack, "orders", subscribers={"mail": {"function": "functions/reminders.send", "timeout": 5}})'
    ),
    "subscriber_queue_that_is_none": 'Topic(stack, "orders", subscribers={"mail": {"queue": "functions/reminders.send"}})',
    # Topics
    "function_at_a_fifo_topic": 'Topic(stack, "orders", fifo=True, subscribers={"mail": "functions/reminders.send"})',
    "fifo_queue_at_a_topic": 'Topic(stack, "orders", subscribers={"copies": Queue(stack, "copies", fifo=True)})',
    "raw_message_to_a_function": (
        'Topic(stack, "orders", subscribers={"mail": {"function": "functions/reminders.send", "raw": True}})'
    ),
    "two_filters": (
        'Topic(stack, "orders", subscribers={"mail": {\n'
        '    "function": "functions/reminders.send", "filter": {"a": [1]}, "filter_body": {"a": [1]}}})'
    ),
    "filter_of_another_kind": (
        'Topic(stack, "orders", subscribers={"mail": {"function": "functions/reminders.send", "filter": ["a"]}})'
    ),
    "dead_letters_to_no_queue": (
        'Topic(stack, "orders", subscribers={"mail": {"function": "functions/reminders.send", "dead_letter": True}})'
    ),
    # Event buses
    "rule_without_a_pattern": 'EventBus(stack, "bus", rules={"all": {"targets": {}}})',
    "rule_with_an_empty_pattern": 'EventBus(stack, "bus", rules={"all": {"pattern": {}}})',
    "rule_setting_misspelt": 'EventBus(stack, "bus", rules={"all": {"pattern": {"source": "a"}, "target": {}}})',
    "pattern_field_misspelt": 'EventBus(stack, "bus", rules={"all": {"pattern": {"sources": ["a"]}}})',
    "pattern_field_unknown": 'EventBus(stack, "bus", rules={"all": {"pattern": {"total": [1]}}})',
    "rule_twice": (
        'bus = EventBus(stack, "bus")\nbus.subscribe("a", "functions/notes.get")\nbus.subscribe("a", "functions/notes.get")'
    ),
    "delivery_retries_too_many": (
        'EventBus(stack, "bus", rules={"all": {"pattern": {"source": "a"}, "targets": {\n'
        '    "mail": {"function": "functions/notes.get", "retries": 186}}}})'
    ),
    "delivery_age_too_short": (
        'EventBus(stack, "bus", rules={"all": {"pattern": {"source": "a"}, "targets": {\n'
        '    "mail": {"function": "functions/notes.get", "max_age": 5}}}})'
    ),
    "delivery_dead_letters_to_a_fifo_queue": (
        'EventBus(stack, "bus", rules={"all": {"pattern": {"source": "a"}, "targets": {\n'
        '    "mail": {"function": "functions/notes.get", "dead_letter": Queue(stack, "failed", fifo=True)}}}})'
    ),
    "bus_pattern_with_null_among_conditions": (
        'EventBus(stack, "bus", rules={"all": {"pattern": {"detail": {"size": [None, {"numeric": [">", 9]}]}}}})'
    ),
    "bus_archive_of_hours": 'EventBus(stack, "bus", archive="36 hours")',
    "bus_target_is_a_fifo_topic": (
        'EventBus(stack, "bus", rules={"all": {"pattern": {"source": ["a"]}, '
        '"targets": {"tell": Topic(stack, "orders", fifo=True)}}})'
    ),
    "bus_target_without_partitions": (
        'EventBus(stack, "bus", rules={"all": {"pattern": {"source": ["a"]}, '
        '"targets": {"keep": {"queue": Queue(stack, "jobs"), "partition_key": "$.id"}}}})'
    ),
    "bus_target_partition_key_without_a_path": (
        'EventBus(stack, "bus", rules={"all": {"pattern": {"source": ["a"]}, '
        '"targets": {"keep": {"stream": KinesisStream(stack, "clicks"), "partition_key": "customer"}}}})'
    ),
    "bus_target_bus_with_an_input": (
        'EventBus(stack, "bus", rules={"all": {"pattern": {"source": ["a"]}, '
        '"targets": {"hand-on": {"bus": EventBus(stack, "other"), "input": {"a": 1}}}}})'
    ),
    # Alarms
    "alarm_without_a_metric": 'Alarm(stack, "errors", threshold=1)',
    "alarm_metric_without_a_name": 'Alarm(stack, "errors", threshold=1, metric={"namespace": "Shop"})',
    "alarm_metric_setting_misspelt": (
        'Alarm(stack, "errors", threshold=1, metric={"namespace": "Shop", "name": "Errors", "statistics": "Sum"})'
    ),
    "alarm_period_in_words": (
        'Alarm(stack, "errors", threshold=1, metric={"namespace": "Shop", "name": "Errors", "period": "often"})'
    ),
    "alarm_unit_unknown": (
        'Alarm(stack, "errors", threshold=1, metric={"namespace": "Shop", "name": "Errors", "unit": "miles"})'
    ),
    "alarm_without_a_threshold": 'Alarm(stack, "errors", metric={"namespace": "Shop", "name": "Errors"})',
    "alarm_comparison_unknown": (
        'Alarm(stack, "errors", threshold=1, comparison="==", metric={"namespace": "Shop", "name": "Errors"})'
    ),
    "alarm_datapoints_too_many": (
        'Alarm(stack, "errors", threshold=1, datapoints=2, metric={"namespace": "Shop", "name": "Errors"})'
    ),
    # Crons
    "time_zone_misspelt": (
        'Cron(stack, "digest", schedule="rate(1 day)", job="functions/digest.run", time_zone="Europe/Berln")'  # codespell:ignore
    ),
    "schedule_retries_too_many": (
        'Cron(stack, "digest", schedule="rate(1 day)", job="functions/digest.run", retries=186)'
    ),
    "schedule_window_too_long": (
        'Cron(stack, "digest", schedule="rate(1 day)", job="functions/digest.run", flexible_window="2 days")'
    ),
    "schedule_dead_letters_to_a_fifo_queue": (
        'Cron(stack, "digest", schedule="rate(1 day)", job="functions/digest.run",\n'
        '    dead_letter=Queue(stack, "missed", fifo=True))'
    ),
    "no_schedule": 'Cron(stack, "digest", job="functions/digest.run")',
    "schedule_plural": 'Cron(stack, "digest", schedule="rate(1 days)", job="functions/digest.run")',
    "schedule_singular": 'Cron(stack, "digest", schedule="rate(5 minute)", job="functions/digest.run")',
    "schedule_of_unix": 'Cron(stack, "digest", schedule="0 9 * * 1-5", job="functions/digest.run")',
    "schedule_of_five_fields": 'Cron(stack, "digest", schedule="cron(0 9 * * *)", job="functions/digest.run")',
    "schedule_without_a_question_mark": 'Cron(stack, "digest", schedule="cron(0 9 * * * *)", job="functions/digest.run")',
    "schedule_in_words": 'Cron(stack, "digest", schedule="every 5 minutes", job="functions/digest.run")',
    "schedule_of_another_kind": 'Cron(stack, "digest", schedule="daily", job="functions/digest.run")',
    "cron_that_tries_for_seconds": (
        'Cron(stack, "digest", schedule="rate(1 day)", job="functions/digest.run", max_age="30 seconds")'
    ),
}  # fmt: skip
