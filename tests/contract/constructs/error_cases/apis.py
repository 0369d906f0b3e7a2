"""APIs of every kind, their authorizers, logs and domains."""

CASES = {
    # Apis
    "route_without_a_method": 'Api(stack, "api", routes={"/notes": "functions/notes.get"})',
    "route_without_a_slash": 'Api(stack, "api", routes={"GET notes": "functions/notes.get"})',
    "route_method_misspelt": 'Api(stack, "api", routes={"GTE /notes": "functions/notes.get"})',
    "route_method_unknown": 'Api(stack, "api", routes={"SUBSCRIBE /notes": "functions/notes.get"})',
    "route_of_three_words": 'Api(stack, "api", routes={"GET POST /notes": "functions/notes.get"})',
    "route_with_a_colon": 'Api(stack, "api", routes={"GET /notes/:id": "functions/notes.get"})',
    "route_with_flask_parameters": 'Api(stack, "api", routes={"GET /notes/<int:id>": "functions/notes.get"})',
    "route_with_half_a_parameter": 'Api(stack, "api", routes={"GET /notes/n-{id}": "functions/notes.get"})',
    "route_proxy_in_the_middle": 'Api(stack, "api", routes={"GET /{proxy+}/x": "functions/notes.get"})',
    "route_twice": 'Api(stack, "api", routes={"GET /a": "functions/notes.get", "get  /a": "functions/notes.create"})',
    "route_twice_but_for_the_parameter": (
        'Api(stack, "api", routes={"GET /a/{id}": "functions/notes.get", "GET /a/{noteId}": "functions/notes.create"})'
    ),
    "route_unknown": 'Api(stack, "api", routes={"GET /notes": "functions/notes.get"}).function("GET /note")',
    "cors_setting_misspelt": 'Api(stack, "api", cors={"allow_origin": ["*"]})',
    "cors_method_misspelt": 'Api(stack, "api", cors={"allow_methods": ["GTE"]})',
    "cors_of_another_kind": 'Api(stack, "api", cors="*")',
    "cors_with_credentials_for_everyone": 'Api(stack, "api", cors={"allow_origins": ["*"], "allow_credentials": True})',
    "cors_headers_of_another_kind": 'Api(stack, "api", cors={"allow_headers": True})',
    "cors_for_a_week": 'RestApi(stack, "api", cors={"max_age": "7 days"})',
    "route_throttle_misspelt": (
        'Api(stack, "api", routes={"GET /a": {"handler": "functions/notes.get", "throttle": {"rates": 5}}})'
    ),
    "route_throttle_of_an_imported_api": (
        'http = aws_cdk.aws_apigatewayv2.HttpApi.from_http_api_attributes(stack, "there", http_api_id="abc")\n'
        'Api(stack, "api", cdk={"http_api": http}, routes={"GET /a": {"handler": "functions/notes.get", "throttle": {"rate": 5}}})'
    ),
    "route_timeout_too_long": 'Api(stack, "api", routes={"GET /a": {"url": "https://example.com", "timeout": "1 minute"}})',
    "url_method_misspelt": 'Api(stack, "api", routes={"GET /a": {"url": "https://example.com", "method": "GTE"}})',
    "payload_format_of_the_api": 'Api(stack, "api", payload_format="3.0")',
    "rest_route_throttle_of_an_imported_api": (
        'there = apigateway.RestApi.from_rest_api_attributes(stack, "there", rest_api_id="abc", root_resource_id="r")\n'
        'RestApi(stack, "api", cdk={"rest_api": there}, routes={"GET /a": {"handler": "functions/notes.get", "throttle": {"rate": 5}}})'
    ),
    "rest_url_of_an_imported_api": (
        'there = apigateway.RestApi.from_rest_api_attributes(stack, "there", rest_api_id="abc", root_resource_id="r")\n'
        'RestApi(stack, "api", cdk={"rest_api": there}).url'
    ),
    "cors_max_age_in_words": 'Api(stack, "api", cors={"allow_origins": ["*"], "max_age": "long"})',
    "authorizer_unknown": (
        'Api(stack, "api", authorizers={"members": {"type": "jwt", "issuer": "https://a.example", "audience": ["a"]}},\n'
        '    routes={"GET /a": {"handler": "functions/notes.get", "authorizer": "member"}})'
    ),
    "authorizer_of_another_kind": (
        'Api(stack, "api", routes={"GET /a": {"handler": "functions/notes.get", "authorizer": {"type": "jwt"}}})'
    ),
    "authorizer_default_unknown": 'Api(stack, "api", authorizer="members")',
    "authorizer_called_none": 'Api(stack, "api", authorizers={"none": {"type": "jwt"}})',
    "authorizer_type_misspelt": 'Api(stack, "api", authorizers={"members": {"type": "jwtt"}})',
    "authorizer_setting_misspelt": (
        'Api(stack, "api", authorizers={"members": {"type": "jwt", "issuer": "https://a.example", "audiences": ["a"]}})'
    ),
    "authorizer_without_an_audience": (
        'Api(stack, "api", authorizers={"members": {"type": "jwt", "issuer": "https://a.example"}})'
    ),
    "authorizer_with_a_pool_by_name": 'Api(stack, "api", authorizers={"members": {"type": "user_pool", "user_pool": "users"}})',
    "authorizer_with_a_pool_without_clients": (
        'users = cognito.UserPool(stack, "users")\n'
        'Api(stack, "api", authorizers={"members": {"type": "user_pool", "user_pool": users}})'
    ),
    "authorizer_cached_too_long": (
        'Api(stack, "api", authorizers={"keys": {"type": "lambda", "function": "functions/notes.get", "cache": "1 day"}})'
    ),
    "authorizer_response_misspelt": (
        'Api(stack, "api", authorizers={"keys": {"type": "lambda", "function": "functions/notes.get", "response": "json"}})'
    ),
    "scopes_without_a_token": (
        'Api(stack, "api", authorizer="iam", routes={"GET /a": {"handler": "functions/notes.get", "scopes": ["a"]}})'
    ),
    "throttle_of_another_kind": 'Api(stack, "api", throttle=100)',
    "throttle_setting_misspelt": 'Api(stack, "api", throttle={"rates": 100})',
    "throttle_in_words": 'Api(stack, "api", throttle={"burst": "many"})',
    "throttle_below_zero": 'Api(stack, "api", throttle={"rate": -1})',
    "route_with_a_url_and_a_handler": (
        'Api(stack, "api", routes={"GET /a": {"url": "https://a.example", "handler": "functions/notes.get"}})'
    ),
    "route_with_a_url_and_memory": 'Api(stack, "api", routes={"GET /a": {"url": "https://a.example", "memory": 512}})',
    "route_to_an_unknown_call": 'Api(stack, "api", routes={"GET /a": {"aws": "SQS-SendMesage", "on": Queue(stack, "jobs")}})',  # codespell:ignore Mesage
    "route_to_a_call_without_a_resource": 'Api(stack, "api", routes={"GET /a": {"aws": "SQS-SendMessage"}})',
    "route_to_a_call_on_another_resource": (
        'notes = Table(stack, "notes", partition_key=("id", "string"))\n'
        'Api(stack, "api", routes={"GET /a": {"aws": "SQS-SendMessage", "on": notes}})'
    ),
    "route_to_a_call_without_a_construct": (
        'Api(stack, "api", routes={"GET /a": {"aws": "AppConfig-GetConfiguration", "on": Queue(stack, "jobs")}})'
    ),
    "route_with_an_integration_of_another_kind": 'Api(stack, "api", routes={"GET /a": {"integration": "url"}})',
    "route_without_a_function": (
        'Api(stack, "api", routes={"GET /a": {"url": "https://a.example"}}).function("GET /a")'
    ),
    "route_payload_format_misspelt": (
        'Api(stack, "api", routes={"GET /a": {"handler": "functions/notes.get", "payload_format": "1"}})'
    ),
    "stage_property_misspelt": 'Api(stack, "api", cdk={"http_stage": {"stage_variable": {}}})',
    "rest_default_route": 'RestApi(stack, "api", routes={"$default": "functions/notes.get"})',
    "rest_route_twice": 'RestApi(stack, "api", routes={"GET /a": "functions/notes.get", "get  /a": "functions/notes.create"})',
    "rest_integration_of_another_kind": 'RestApi(stack, "api", routes={"GET /a": {"integration": "mock"}})',
    "rest_integration_with_a_timeout": (
        'mock = apigateway.MockIntegration()\nRestApi(stack, "api", routes={"GET /a": {"integration": mock, "timeout": 5}})'
    ),
    "rest_route_without_a_function": (
        'mock = apigateway.MockIntegration()\n'
        'RestApi(stack, "api", routes={"GET /a": {"integration": mock}}).function("GET /a")'
    ),
    "rest_authorizer_unknown": 'RestApi(stack, "api", authorizer="members")',
    "rest_authorizer_of_http_apis": 'RestApi(stack, "api", authorizers={"members": {"type": "jwt"}})',
    "rest_authorizer_without_a_pool": 'RestApi(stack, "api", authorizers={"members": {"type": "user_pools"}})',
    "rest_scopes_without_a_token": (
        'RestApi(stack, "api", routes={"GET /a": {"handler": "functions/notes.get", "scopes": ["read"]}})'
    ),
    # GraphQL APIs
    "graphql_without_a_schema": 'AppSyncApi(stack, "graph")',
    "graphql_schema_missing": 'AppSyncApi(stack, "graph", schema="shema.graphql")',  # codespell:ignore shema
    "graphql_schema_missing_without_a_like": 'AppSyncApi(stack, "graph", schema="nowhere/zzz.graphql")',
    "graphql_resolver_of_no_field": 'AppSyncApi(stack, "graph", schema="schema.graphql", resolvers={"notes": "functions/notes.get"})',
    "graphql_resolver_twice": (
        'graph = AppSyncApi(stack, "graph", schema="schema.graphql", resolvers={"Query notes": "functions/notes.get"})\n'
        'graph.add_resolvers({"Query  notes": "functions/notes.get"})'
    ),
    "graphql_source_unknown": (
        'AppSyncApi(stack, "graph", schema="schema.graphql", data_sources={"words": "functions/notes.get"},\n'
        '    resolvers={"Query notes": "wrods"})'
    ),
    "graphql_source_unknown_without_a_like": (
        'AppSyncApi(stack, "graph", schema="schema.graphql", resolvers={"Query notes": {"source": "table", "code": "a.js"}})'
    ),
    "graphql_source_twice": (
        'graph = AppSyncApi(stack, "graph", schema="schema.graphql", data_sources={"words": "functions/notes.get"})\n'
        'graph.add_data_sources({"words": "functions/notes.create"})'
    ),
    "graphql_source_type_misspelt": (
        'AppSyncApi(stack, "graph", schema="schema.graphql", data_sources={"table": {"type": "dynamo"}})'
    ),
    "graphql_source_without_a_table": (
        'AppSyncApi(stack, "graph", schema="schema.graphql", data_sources={"table": {"type": "dynamodb"}})'
    ),
    "graphql_resolver_without_code": (
        'AppSyncApi(stack, "graph", schema="schema.graphql", data_sources={"nothing": {"type": "none"}},\n'
        '    resolvers={"Query notes": "nothing"})'
    ),
    "graphql_code_missing": (
        'AppSyncApi(stack, "graph", schema="schema.graphql", data_sources={"nothing": {"type": "none"}},\n'
        '    resolvers={"Query notes": {"source": "nothing", "code": "resolvers/notes.js"}})'
    ),
    "graphql_function_unknown": (
        'AppSyncApi(stack, "graph", schema="schema.graphql", resolvers={"Query notes": "functions/notes.get"}).function("Query note")'
    ),
    "graphql_authorizers_of_another_kind": 'AppSyncApi(stack, "graph", schema="schema.graphql", authorizers="iam")',
    "graphql_authorizer_misspelt": 'AppSyncApi(stack, "graph", schema="schema.graphql", authorizers=["apikey"])',
    "graphql_key_expires_in_words": (
        'AppSyncApi(stack, "graph", schema="schema.graphql", authorizers=[{"type": "api_key", "expires": "next year"}])'
    ),
    "graphql_domain_without_a_certificate": (
        'AppSyncApi(stack, "graph", schema="schema.graphql", domain={"name": "graph.example.com"})'
    ),
    # WebSocket APIs
    "websocket_route_misspelt": 'WebSocketApi(stack, "chat", routes={"$conect": "functions/notes.get"})',  # codespell:ignore conect
    "websocket_route_without_a_key": 'WebSocketApi(stack, "chat", routes={"": "functions/notes.get"})',
    "websocket_route_twice": (
        'chat = WebSocketApi(stack, "chat", routes={"say": "functions/notes.get"})\n'
        'chat.add_routes({"say": "functions/notes.create"})'
    ),
    "websocket_route_unknown": 'WebSocketApi(stack, "chat", routes={"say": "functions/notes.get"}).function("sya")',
    "websocket_route_unknown_without_a_like": (
        'WebSocketApi(stack, "chat", routes={"say": "functions/notes.get"}).function("other")'
    ),
    "websocket_authorizer_misspelt": 'WebSocketApi(stack, "chat", authorizer="lamda")',  # codespell:ignore lamda
    "websocket_authorizer_of_http_apis": 'WebSocketApi(stack, "chat", authorizer={"type": "jwt"})',
    "websocket_authorizer_without_a_function": 'WebSocketApi(stack, "chat", authorizer={"type": "lambda"})',
    "websocket_authorizer_setting_misspelt": (
        'WebSocketApi(stack, "chat", authorizer={"function": "functions/notes.get", "identity_sources": []})'
    ),
    "websocket_function_beside_settings": (
        'get = Function(stack, "get", handler="functions/notes.get")\n'
        'WebSocketApi(stack, "chat", routes={"say": {"function": get, "timeout": 5}})'
    ),
    # Access logs and domains
    "access_log_of_another_kind": 'WebSocketApi(stack, "chat", access_log=30)',
    "access_log_setting_misspelt": 'WebSocketApi(stack, "chat", access_log={"retention": 30})',
    "access_log_kept_for_an_odd_time": 'Api(stack, "api", access_log={"retention_days": 31})',
    "access_log_without_the_request": 'WebSocketApi(stack, "chat", access_log="$context.status")',
    "domain_without_a_zone": 'WebSocketApi(stack, "chat", domain="chat.example.com")',
    "domain_without_a_name": 'WebSocketApi(stack, "chat", domain={"hosted_zone": "Z0123456789ABC"})',
    "domain_in_capitals": 'WebSocketApi(stack, "chat", domain={"name": "Chat.example.com", "hosted_zone": "Z0123456789ABC"})',
    "domain_setting_misspelt": 'WebSocketApi(stack, "chat", domain={"name": "chat.example.com", "zone": "Z0123456789ABC"})',
    "domain_of_another_kind": 'WebSocketApi(stack, "chat", domain=True)',
    "domain_path_with_slashes": (
        'WebSocketApi(stack, "chat", domain={"name": "chat.example.com", "path": "/v1/", "hosted_zone": "Z0123456789ABC"})'
    ),
    "domain_external_without_a_certificate": (
        'WebSocketApi(stack, "chat", domain={"name": "chat.example.com", "external": True})'
    ),
    "domain_zone_by_its_name": (
        'WebSocketApi(stack, "chat", domain={"name": "chat.example.com", "hosted_zone": "example.com"})'
    ),
    "domain_external_in_a_zone": (
        'WebSocketApi(stack, "chat", domain={"name": "chat.example.com", "external": True, "hosted_zone": "Z0123456789ABC"})'
    ),
}  # fmt: skip
