"""Customers, who sign up with their address and a password."""

from sundog import Cognito

from stacks.notices import notices


def customers(stack):
    users = Cognito(
        stack,
        "customers",
        login=["email"],
        password_policy={"min_length": 12},
        clients={"website": {"auth_flows": {"user_password": True, "user_srp": True}}},
        triggers={
            "post_confirmation": {"handler": "functions/customers.welcome", "bind": [stack.use(notices)]}
        },
        identity_pool=False,
    )
    stack.outputs(UserPoolId=users.user_pool_id, ClientId=users.client_id)
    return users
