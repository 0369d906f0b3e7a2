"""Functions: ids, handlers, settings, bindings and permissions."""

CASES = {
    # Ids and where a construct stands
    "id_with_a_space": 'Table(stack, "my notes", partition_key=("id", "string"))',
    "id_that_starts_with_a_digit": 'Queue(stack, "1st")',
    "id_taken": 'Queue(stack, "jobs")\nQueue(Stack(app, "other"), "jobs")',
    "id_taken_but_for_the_hyphen": 'Queue(stack, "my-jobs")\nQueue(stack, "my_jobs")',
    "not_in_a_sundog_app": 'Queue(aws_cdk.Stack(aws_cdk.App(), "x"), "jobs")',
    "stack_not_in_a_sundog_app": 'Stack(aws_cdk.App(), "x")',
    "cdk_id_of_another_kind": 'Table(stack, "notes", partition_key=("id", "string"), cdk={"id": ["old"]})',
    "stack_in_another_region": 'Stack(app, "other", env=aws_cdk.Environment(region="eu-west-3"))',
    "stack_in_another_account": 'Stack(app, "other", env={"account": "123456789012"})',
    "stack_name_without_the_stage": 'Stack(app, "other", stack_name="notes-other")',
    "stack_name_with_other_characters": 'Stack(app, "other", stack_name="local_notes")',
    "stack_name_too_long": 'Stack(app, "o" * 140)',
    "output_without_a_value": 'stack.outputs(Url={"description": "where it is"})',
    "site_with_a_distribution_and_a_domain": (
        "from aws_cdk import aws_cloudfront as cloudfront\n"
        'there = cloudfront.Distribution.from_distribution_attributes(stack, "d", distribution_id="E1", domain_name="d1.a.example")\n'
        'StaticSite(stack, "web", path="web", domain="www.example.com", cdk={"distribution": there})'
    ),
    # Handlers
    "handler_file_missing": 'Function(stack, "f", handler="functions/nots.create")',
    "handler_file_missing_without_a_like": 'Function(stack, "f", handler="zzz/qqq.create")',
    "handler_function_missing": 'Function(stack, "f", handler="functions/notes.creat")',
    "handler_function_missing_without_a_like": 'Function(stack, "f", handler="functions/notes.zzz")',
    "handler_function_missing_in_typescript": 'Function(stack, "f", handler="functions/badge.handle")',
    "handler_is_a_folder": 'Function(stack, "f", handler="functions/")',
    "handler_is_a_folder_with_a_function": 'Function(stack, "f", handler="functions.create")',
    "handler_in_another_case": 'Function(stack, "f", handler="Functions/notes.create")',
    "handler_as_a_module": 'Function(stack, "f", handler="functions.notes.create")',
    "handler_without_a_function": 'Function(stack, "f", handler="functions/notes")',
    "handler_is_a_file": 'Function(stack, "f", handler="functions/notes.py")',
    "handler_with_a_suffix": 'Function(stack, "f", handler="functions/notes.py.create")',
    "handler_with_a_colon": 'Function(stack, "f", handler="functions/notes:create")',
    "handler_outside": 'Function(stack, "f", handler="../notes.create")',
    "handler_absolute": 'Function(stack, "f", handler="/functions/notes.create")',
    "handler_imported": 'def create(event, context): ...\nFunction(stack, "f", handler=create)',
    "handler_async": 'Function(stack, "f", handler="functions/asynchronous.run")',
    "handler_not_packaged": 'Function(stack, "f", handler="tests/helper.run")',
    "handler_in_a_route": 'Api(stack, "api", routes={\n    "GET /a": "functions/notes.get",\n    "GET /b": "functions/notes.lst",\n})',
    "no_handler": 'Function(stack, "f")',
    "function_in_a_nested_stack": (
        'Function(aws_cdk.NestedStack(stack, "inner"), "f", handler="functions/notes.get")\napp.synth()'
    ),
    # Settings of functions
    "timeout_too_long": 'Function(stack, "f", handler="functions/notes.get", timeout=901)',
    "timeout_in_words": 'Function(stack, "f", handler="functions/notes.get", timeout="half an hour")',
    "memory_too_small": 'Function(stack, "f", handler="functions/notes.get", memory=64)',
    "memory_in_words": 'Function(stack, "f", handler="functions/notes.get", memory="1 TB")',
    "runtime_misspelt": 'Function(stack, "f", handler="functions/notes.get", runtime="python3.21")',
    "runtime_of_another_language": 'Function(stack, "f", handler="functions/notes.get", runtime="nodejs22.x")',
    "architecture_misspelt": 'Function(stack, "f", handler="functions/notes.get", architecture="arm")',
    "setting_misspelt": 'Queue(stack, "jobs", consumer={"handler": "functions/notes.get", "timout": 5})',  # codespell:ignore timout
    "setting_of_the_cdk": 'Queue(stack, "jobs", consumer={"handler": "functions/notes.get", "profiling": True})',
    "disk_too_small": 'Function(stack, "f", handler="functions/notes.get", disk=256)',
    "tracing_misspelt": 'Function(stack, "f", handler="functions/notes.get", tracing="activ")',  # codespell:ignore activ
    "tracing_of_another_kind": 'Function(stack, "f", handler="functions/notes.get", tracing=True)',
    "concurrency_below_zero": 'Function(stack, "f", handler="functions/notes.get", reserved_concurrency=-1)',
    "retention_between": 'Function(stack, "f", handler="functions/notes.get", log_retention_days=10)',
    "layer_without_a_version": (
        'Function(stack, "f", handler="functions/notes.get", layers=["arn:aws:lambda:eu-west-1:123456789012:layer:tools"])'
    ),
    "layer_of_another_kind": 'Function(stack, "f", handler="functions/notes.get", layers=[42])',
    "layers_too_many": (
        'arn = "arn:aws:lambda:eu-west-1:123456789012:layer:tools:1"\n'
        'Function(stack, "f", handler="functions/notes.get", layers=[arn] * 6)'
    ),
    "security_groups_without_a_vpc": 'Function(stack, "f", handler="functions/notes.get", security_groups=[])',
    "file_system_without_a_vpc": (
        "from aws_cdk import aws_ec2 as ec2, aws_efs as efs, aws_lambda as lambda_\n"
        'point = efs.FileSystem(stack, "files", vpc=ec2.Vpc(stack, "vpc")).add_access_point("point")\n'
        'files = lambda_.FileSystem.from_efs_access_point(point, "/mnt/files")\n'
        'Function(stack, "f", handler="functions/notes.get", file_system=files)'
    ),
    "file_system_of_another_kind": (
        'vpc = aws_cdk.aws_ec2.Vpc(stack, "vpc")\n'
        'Function(stack, "f", handler="functions/notes.get", vpc=vpc, file_system="/mnt/files")'
    ),
    "log_level_misspelt": 'Function(stack, "f", handler="functions/notes.get", log_level="warning")',
    "log_format_misspelt": 'Function(stack, "f", handler="functions/notes.get", log_format="JSONL")',
    "log_level_of_a_log_in_text": (
        'Function(stack, "f", handler="functions/notes.get", log_format="text", system_log_level="debug")'
    ),
    "variable_that_is_a_number": 'Function(stack, "f", handler="functions/notes.get", environment={"LIMIT": 3})',
    "variable_of_lambda": 'Function(stack, "f", handler="functions/notes.get", environment={"AWS_REGION": "eu-west-1"})',
    "variable_with_a_hyphen": 'Function(stack, "f", handler="functions/notes.get", environment={"log-level": "INFO"})',
    "variable_of_one_letter": 'Function(stack, "f", handler="functions/notes.get", environment={"A": "1"})',
    "variables_too_long": (
        'f = Function(stack, "f", handler="functions/notes.get", environment={"RULES": "x" * 4000, "LEVEL": "INFO"})\n'
        'f.bind([Table(stack, f"table{number}", partition_key=("id", "string")) for number in range(3)])\napp.synth()'
    ),
    "variable_of_an_imported_function": (
        'there = aws_cdk.aws_lambda.Function.from_function_name(stack, "there", "there")\n'
        'Function(stack, "f", cdk={"function": there}).add_environment({"LEVEL": "INFO"})'
    ),
    "cdk_construct_where_properties_are_wanted": (
        'group = aws_cdk.aws_logs.LogGroup(stack, "group")\n'
        'Function(stack, "f", handler="functions/notes.get", cdk={"log_group": group})'
    ),
    "retries_too_many": 'Function(stack, "f", handler="functions/notes.get", retries=3)',
    "event_age_too_short": 'Function(stack, "f", handler="functions/notes.get", max_event_age="5 seconds")',
    "destination_in_quotes": 'Function(stack, "f", handler="functions/notes.get", on_failure="failures")',
    "destination_that_is_a_table": (
        'notes = Table(stack, "notes", partition_key=("id", "string"))\n'
        'Function(stack, "f", handler="functions/notes.get", on_success=notes)'
    ),
    "destination_that_is_fifo": (
        'Function(stack, "f", handler="functions/notes.get", on_failure=Queue(stack, "failures", fifo=True))'
    ),
    "dead_letters_to_a_function": (
        'get = Function(stack, "get", handler="functions/notes.get")\n'
        'Function(stack, "f", handler="functions/notes.get", dead_letter=get)'
    ),
    "url_of_another_kind": 'Function(stack, "f", handler="functions/notes.get", url="https://example.com")',
    "url_setting_misspelt": 'Function(stack, "f", handler="functions/notes.get", url={"atuh": "iam"})',
    "url_auth_misspelt": 'Function(stack, "f", handler="functions/notes.get", url={"auth": "aws_iam"})',
    "url_cors_of_another_kind": 'Function(stack, "f", handler="functions/notes.get", url={"cors": "*"})',
    "url_cors_misspelt": 'Function(stack, "f", handler="functions/notes.get", url={"cors": {"allowed_origins": ["*"]}})',
    "url_cors_method_misspelt": (
        'Function(stack, "f", handler="functions/notes.get", url={"cors": {"allow_methods": ["GTE"]}})'
    ),
    "url_cors_with_credentials_for_everyone": (
        'Function(stack, "f", handler="functions/notes.get", url={"cors": {"allow_credentials": True}})'
    ),
    "url_cors_for_a_week": (
        'Function(stack, "f", handler="functions/notes.get", url={"cors": {"max_age": "7 days"}})'
    ),
    "url_that_streams_from_python": 'Function(stack, "f", handler="functions/notes.get", url={"streaming": True})',
    "no_url": 'Function(stack, "f", handler="functions/notes.get").url',
    "event_source_of_another_kind": 'Function(stack, "f", handler="functions/notes.get").add_event_source("jobs")',
    "warm_without_a_number": 'Function(stack, "f", handler="functions/notes.get", warm=True)',
    "warm_too_many": 'Function(stack, "f", handler="functions/notes.get", warm=1000)',
    "provisioned_below_zero": 'Function(stack, "f", handler="functions/notes.get", provisioned_concurrency=-1)',
    "snap_start_for_node": 'Function(stack, "f", handler="functions/badge.handler", snap_start=True)',
    "snap_start_for_an_old_python": (
        'Function(stack, "f", handler="functions/notes.get", runtime="python3.11", snap_start=True)'
    ),
    "snap_start_and_provisioned": (
        'Function(stack, "f", handler="functions/notes.get", snap_start=True, provisioned_concurrency=1)'
    ),
    "snap_start_with_a_large_disk": 'Function(stack, "f", handler="functions/notes.get", snap_start=True, disk="1 GB")',
    "import_with_a_setting": (
        'from aws_cdk import aws_lambda as lambda_\n'
        'raw = lambda_.Function.from_function_name(stack, "raw", "raw")\n'
        'Function(stack, "f", retries=1, cdk={"function": raw})'
    ),
    "defaults_after_a_function": 'Function(stack, "f", handler="functions/notes.get")\nstack.set_function_defaults(timeout=5)',
    "app_defaults_after_a_function": 'Function(stack, "f", handler="functions/notes.get")\napp.set_function_defaults(timeout=5)',
    "default_misspelt": "app.set_function_defaults(enviroment={})",  # codespell:ignore enviroment
    "defaults_for_an_existing_function": (
        'get = Function(stack, "f", handler="functions/notes.get")\n'
        'Api(stack, "api", function_defaults={"timeout": 5}, routes={"GET /": get})'
    ),
    "consumer_is_no_function": 'Queue(stack, "jobs", consumer=42)',
    # Bindings and permissions
    "bind_a_cdk_construct": 'Function(stack, "f", handler="functions/notes.get", bind=[sqs.Queue(stack, "raw")])',
    "bind_a_string": 'Function(stack, "f", handler="functions/notes.get", bind=["notes"])',
    "bind_without_brackets": (
        'table = Table(stack, "notes", partition_key=("id", "string"))\n'
        'Function(stack, "f", handler="functions/notes.get", bind=table)'
    ),
    "bind_without_brackets_to_an_api": (
        'table = Table(stack, "notes", partition_key=("id", "string"))\n'
        'Api(stack, "api", bind=table, routes={"GET /notes": "functions/notes.get"})'
    ),
    "bind_without_brackets_to_a_job": (
        'table = Table(stack, "notes", partition_key=("id", "string"))\n'
        'Cron(stack, "daily", schedule="rate(1 day)", job="functions/notes.get", bind=table)'
    ),
    "bind_without_brackets_to_a_bucket": 'Bucket(stack, "photos", bind=Queue(stack, "jobs"))',
    "bind_a_narrowed_one_without_brackets": (
        'table = Table(stack, "notes", partition_key=("id", "string"))\n'
        'Function(stack, "f", handler="functions/notes.get").bind(table.read_only)'
    ),
    "bind_two_of_one_name": (
        'table = Table(Stack(app, "storage"), "notes", partition_key=("id", "string"))\n'
        'Function(stack, "f", handler="functions/notes.get", bind=[table, Queue(stack, "notes")])'
    ),
    "id_taken_in_the_stack": 'Table(stack, "notes", partition_key=("id", "string"))\nQueue(stack, "notes")',
    "id_taken_by_a_cdk_construct": 'sqs.Queue(stack, "notes")\nTable(stack, "notes", partition_key=("id", "string"))',
    "grant_misspelt": (
        'queue = Queue(stack, "jobs")\n'
        'Function(stack, "f", handler="functions/notes.get", permissions=[(queue, "grant_send_mesages")])'  # codespell:ignore mesages
    ),
    "permission_of_a_cdk_construct_without_grants": (
        'from aws_cdk import aws_scheduler as scheduler\ngroup = scheduler.CfnScheduleGroup(stack, "g")\n'
        'Function(stack, "f", handler="functions/notes.get", permissions=[group])'
    ),
    "permission_without_a_colon": 'Function(stack, "f", handler="functions/notes.get", permissions=["s3 GetObject"])',
    "permission_of_another_kind": 'Function(stack, "f", handler="functions/notes.get", permissions=[42])',
    # The escape hatch
    "cdk_key_misspelt": 'Table(stack, "notes", partition_key=("id", "string"), cdk={"tabel": {}})',  # codespell:ignore tabel
    "cdk_import_configured": (
        'raw = sqs.Queue(stack, "raw")\nQueue(stack, "jobs", visibility_timeout=5, cdk={"queue": raw})'
    ),
    "table_imported_with_recovery": (
        'table = dynamodb.Table.from_table_name(stack, "raw", "legacy")\n'
        'Table(stack, "notes", point_in_time_recovery=True, cdk={"table": table})'
    ),
    # Secrets and parameters
    "secret_and_parameter_of_one_name": 'Parameter(stack, "key", value=1)\nSecret(stack, "key")',
    "parameter_of_a_strange_type": 'Parameter(stack, "key", value=stack)',
    "parameter_that_is_no_json": 'Parameter(stack, "key", value={"at": object()})',
    "parameter_too_long": 'Parameter(stack, "key", value="x" * 4000)',
    "max_concurrency_too_small": 'Queue(stack, "jobs", consumer="functions/reminders.send", max_concurrency=1)',
    "filters_of_another_kind": 'Queue(stack, "jobs", consumer="functions/reminders.send", filters={"body": ["x"]})',
}  # fmt: skip
