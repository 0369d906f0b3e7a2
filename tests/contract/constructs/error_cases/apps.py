"""Apps and stacks, users, sites, scripts and jobs."""

CASES = {
    # Scripts
    "script_without_a_function": 'Script(stack, "seed", params={"count": 3})',
    "script_that_runs_too_long": 'Script(stack, "seed", on_create={"handler": "functions/digest.run", "timeout": 900})',
    # Users
    "prefix_without_a_slash": 'Auth(stack, "auth", api=Api(stack, "api"), authenticator="functions/notes.get", prefix="auth/")',
    "redirect_that_is_a_path": 'Auth(stack, "auth", api=Api(stack, "api"), authenticator="functions/notes.get", redirects=["/home"])',
    "redirect_with_a_path": (
        'Auth(stack, "auth", api=Api(stack, "api"), authenticator="functions/notes.get",'
        ' redirects=["https://app.example.com/home"])'
    ),
    "redirect_to_any_site": (
        'Auth(stack, "auth", api=Api(stack, "api"), authenticator="functions/notes.get", redirects=["https://*.example.com"])'
    ),
    "redirect_without_tls": (
        'Auth(stack, "auth", api=Api(stack, "api"), authenticator="functions/notes.get", redirects=["http://app.example.com"])'
    ),
    "session_too_long": (
        'Auth(stack, "auth", api=Api(stack, "api"), authenticator="functions/notes.get", session="500 days")'
    ),
    "key_version_in_words": (
        'Auth(stack, "auth", api=Api(stack, "api"), authenticator="functions/notes.get", key_version="two")'
    ),
    "sign_in_to_no_api": 'Auth(stack, "auth", api="api", authenticator="functions/notes.get")',
    "login_misspelt": 'Cognito(stack, "users", login=["mail"])',
    "login_with_a_preferred_name_only": 'Cognito(stack, "users", login=["preferred_username"])',
    "trigger_misspelt": 'Cognito(stack, "users", triggers={"presignup": "functions/notes.get"})',
    "sender_without_a_key": 'Cognito(stack, "users", triggers={"custom_email_sender": "functions/notes.get"})',
    "password_rule_misspelt": 'Cognito(stack, "users", password_policy={"minimum_length": 12})',
    "token_validity_in_words": 'Cognito(stack, "users", clients={"web": {"id_token_validity": "half a day"}})',
    "login_provider_misspelt": 'Cognito(stack, "users", federation={"gogle": {"client_id": "1"}})',
    "login_provider_without_its_id": 'Cognito(stack, "users", federation={"google": {}})',
    "login_provider_with_another_setting": 'Cognito(stack, "users", federation={"google": {"app_id": "1"}})',
    "guests_without_an_identity_pool": 'Cognito(stack, "users", identity_pool=False, guests=True)',
    "permissions_for_no_guests": 'Cognito(stack, "users").grant_guests(["s3:GetObject"])',
    "claims_version_misspelt": 'Cognito(stack, "users", claims_version="V2")',
    "trigger_of_a_user_pool_missing": 'Cognito(stack, "users").function("pre_sign_up")',
    "client_of_a_user_pool_missing": 'Cognito(stack, "users", clients={"web": {}}).client("app")',
    "user_pool_imported_and_configured": (
        'from aws_cdk import aws_apigateway as apigateway, aws_cognito as cognito\n'
        'pool = cognito.UserPool.from_user_pool_id(stack, "raw", "eu-west-1_abc")\n'
        'Cognito(stack, "users", login=["email"], cdk={"user_pool": pool})'
    ),
    "user_pool_bound_to_its_trigger": (
        'f = Function(stack, "f", handler="functions/notes.get")\n'
        'users = Cognito(stack, "users", triggers={"pre_sign_up": f})\n'
        'f.bind([users])\napp.synth()'
    ),
    # Sites
    "job_too_long": 'Job(stack, "encode", handler="functions/digest.run", timeout="2 days")',
    "job_too_short": 'Job(stack, "encode", handler="functions/digest.run", timeout="1 minute")',
    "job_too_large": 'Job(stack, "encode", handler="functions/digest.run", memory="200 GB")',
    "job_too_large_for_arm": 'Job(stack, "encode", handler="functions/digest.run", memory="100 GB", architecture="arm64")',
    "site_of_the_whole_project": 'StaticSite(stack, "web")',
    "site_outside_the_project": 'StaticSite(stack, "web", path="../web")',
    "site_with_a_dev_url_alone": 'StaticSite(stack, "web", path="web", dev_url="http://localhost:5173")',
    "site_rule_of_another_kind": 'StaticSite(stack, "web", path="web", file_rules={"*.pdf": 3600})',
    "site_rule_misspelt": 'StaticSite(stack, "web", path="web", file_rules={"*.pdf": {"cache-control": "no-store"}})',
    "site_domain_without_a_zone": 'StaticSite(stack, "web", path="web", domain="www.example.com")',
    "site_alias_in_capitals": (
        'StaticSite(stack, "web", path="web", domain={\n'
        '    "name": "www.example.com", "aliases": ["Example.com"], "hosted_zone": "Z0123456789ABC"})'
    ),
    # Apps and stacks
    "stack_not_built": "def storage(stack): ...\napp.use(storage)",
    "stack_used_before": (
        "def storage(stack): ...\n@app.stack\ndef web(stack):\n    app.use(storage)\napp.stack(storage)"
    ),
    "stack_cycle": "def storage(stack):\n    stack.use(storage)\napp.stack(storage)",
    "stack_cycle_of_two": (
        "def storage(stack):\n    app.stack(web)\ndef web(stack):\n    app.use(storage)\napp.stack(storage, id='data')"
    ),
    "stack_built_twice": "@app.stack\ndef storage(stack): ...\napp.stack(storage)",
    "stack_of_another_kind": 'app.stack("storage")',
    "stack_id_taken": '@app.stack(id="backend")\ndef storage(stack): ...',
    "stack_too_large": (
        'Table(stack, "notes", partition_key=("id", "string"))\n'
        'for number in range(500):\n    aws_cdk.CfnResource(stack, f"raw{number}", type="AWS::SQS::Queue")\napp.synth()'
    ),
    "output_with_an_underscore": 'stack.outputs(api_url="x")',
    "output_twice": 'stack.outputs(Url="x")\nstack.outputs(Url="y")',
}  # fmt: skip
