"""The constructs: what a user's `app.py` imports, and the only code of sundog that imports the AWS CDK.

A construct of sundog is an ordinary CDK construct. It makes CDK constructs below itself, sets what sundog's users would
set anyway, and remembers what the manifest wants to know. Each lives in a module of its own name:

    app.py       the app: project, stage, mode, stacks, the manifest
    stack.py     a CloudFormation stack
    function.py  a Lambda function; what every other construct makes of a handler
    api.py       an HTTP API        table.py  a DynamoDB table
    queue.py     an SQS queue       cron.py   a schedule
    rest_api.py  a REST API         websocket_api.py a WebSocket API
    appsync_api.py a GraphQL API
    alarm.py     a CloudWatch alarm
    cognito.py   users who sign in
    job.py       a function that may run for hours
    secret.py    a secret           parameter.py  a value of the configuration
    topic.py     an SNS topic       bucket.py an S3 bucket
    event_bus.py an EventBridge bus and its rules
    kinesis_stream.py a Kinesis data stream

The modules with a leading underscore hold what they share. Every argument after `(scope, id)` is by keyword, every
construct takes `cdk={…}` to reach what lies below, and every error names the user's own line.

Importing this package tells jsii to use the Node that sundog brings, unless `JSII_NODE` already names one.
"""

from __future__ import annotations

import os

from sundog.bundle.node import node_binary

# jsii starts Node when `aws_cdk` is first imported, which every module below does: this is the last moment.
os.environ.setdefault("JSII_NODE", str(node_binary()))
