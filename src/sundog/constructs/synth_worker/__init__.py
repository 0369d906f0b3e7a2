"""The process that runs a user's app: loaded before it is needed, and recording what the app reads.

`python -m sundog.constructs.synth_worker` imports the CDK, starts jsii and its Node child, and waits for one command.
The parent is `sundog.deploy.synth`, which never imports this package: the two speak JSON over pipes.
"""
