"""An API with every authorizer, and a route to a URL. `ISSUER` is put in by the test."""

import aws_cdk.aws_apigatewayv2_integrations as integrations
import aws_cdk.aws_cognito as cognito
import aws_cdk.aws_route53 as route53

from sundog import Api, App, Function

ISSUER = "{{issuer}}"

app = App()


@app.stack
def backend(stack):
    users = cognito.UserPool(stack, "users", removal_policy=app.registry.removal_policy)
    client = users.add_client("web", auth_flows=cognito.AuthFlow(admin_user_password=True))
    legacy = Function(stack, "legacy", handler="functions/gateway.legacy")
    api = Api(
        stack,
        "api",
        authorizers={
            "tokens": {"type": "jwt", "issuer": ISSUER, "audience": ["notes"]},
            "members": {"type": "user_pool", "user_pool": users, "clients": [client]},
            "keys": {
                "type": "lambda",
                "function": "functions/gateway.check",
                "identity_source": "$request.header.x-key",
            },
            "policies": {
                "type": "lambda",
                "function": "functions/gateway.policy",
                "response": "iam",
                "identity_source": "$request.header.x-key",
            },
        },
        authorizer="tokens",
        throttle={"rate": 100, "burst": 200},
        routes={
            "GET /me": "functions/gateway.me",
            "POST /notes": {"handler": "functions/gateway.me", "scopes": ["notes/write"]},
            "GET /open": {"handler": "functions/gateway.me", "authorizer": "none"},
            "GET /members": {"handler": "functions/gateway.me", "authorizer": "members"},
            "GET /keys": {"handler": "functions/gateway.me", "authorizer": "keys"},
            "GET /policies": {"handler": "functions/gateway.me", "authorizer": "policies"},
            "GET /signed": {"handler": "functions/gateway.me", "authorizer": "iam"},
            "GET /legacy": {"function": legacy, "authorizer": "none", "payload_format": "1.0"},
            "ANY /proxy/{proxy+}": {"url": f"{ISSUER}/echo/{{proxy}}", "authorizer": "none"},
            "GET /mapped": {
                "url": f"{ISSUER}/echo/mapped",
                "method": "PUT",
                "parameters": {"append:querystring.page": "$request.querystring.p"},
                "authorizer": "none",
            },
            "GET /fixed": {
                "integration": integrations.HttpUrlIntegration("fixed", f"{ISSUER}/echo/fixed"),
                "authorizer": "none",
            },
        },
    )
    zone = route53.HostedZone(stack, "zone", zone_name="example.com")
    named = Api(stack, "named", domain={"name": "api.example.com", "path": "v1", "hosted_zone": zone})
    assert named.custom_domain_url == "https://api.example.com/v1"
    stack.outputs(Url=api.url, UserPool=users.user_pool_id, Client=client.user_pool_client_id)


app.synth()
