"""What the embedded cloud can deploy, as data.

`resource_types.txt` lists the CloudFormation types that the pinned emulator, with our mends, really makes. A conformance
test compares it with the running emulator.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sundog.aws.embedded.interface import Capabilities, DroppedProperty

RESOURCE_TYPES = Path(__file__).parent / "resource_types.txt"


def _lost(name: str, reason: str) -> DroppedProperty:
    """A property without which the app behaves otherwise: an app that sets it is refused."""
    return DroppedProperty(name=name, reason=reason)


def _without_effect(*names: str, reason: str) -> tuple[DroppedProperty, ...]:
    """Properties without which an app on a developer's machine works the same."""
    return tuple(DroppedProperty(name=name, reason=reason, harmless=True) for name in names)


_NO_ENCRYPTION = "everything stays on this machine, unencrypted"
_NO_PROVISIONING = "capacity is that of this machine"
_NO_BACKUP = "the local stage keeps no backups"

DROPPED: dict[str, tuple[DroppedProperty, ...]] = {
    "AWS::ApiGatewayV2::Api": (
        _lost("Body", "it does not read OpenAPI documents, so the API would have no routes"),
        _lost("BodyS3Location", "it does not read OpenAPI documents, so the API would have no routes"),
        _lost("Target", "it makes no route from it, so the API would answer 404"),
        *_without_effect("IpAddressType", "FailOnWarnings", "BasePath", reason="it concerns AWS only"),
    ),
    "AWS::ApiGatewayV2::Integration": (
        _lost("IntegrationSubtype", "it calls no AWS services from a route"),
        *_without_effect("TlsConfig", "PassthroughBehavior", "CredentialsArn", reason="it concerns AWS only"),
    ),
    "AWS::AppSync::Resolver": (
        _lost("RequestMappingTemplate", "it runs no mapping templates (VTL); JavaScript it does"),
        _lost("ResponseMappingTemplate", "it runs no mapping templates (VTL); JavaScript it does"),
        _lost("RequestMappingTemplateS3Location", "it runs no mapping templates (VTL); JavaScript it does"),
        _lost("ResponseMappingTemplateS3Location", "it runs no mapping templates (VTL); JavaScript it does"),
    ),
    "AWS::Cognito::UserPool": (
        _lost("LambdaConfig.CustomEmailSender", "it hands no codes to a sender of yours"),
        _lost("LambdaConfig.CustomSMSSender", "it hands no codes to a sender of yours"),
        _lost("WebAuthnRelyingPartyID", "nobody can sign in with a passkey"),
        _lost("EmailAuthenticationMessage", "no codes are sent for sign-in by e-mail"),
        *_without_effect("KeyConfiguration", reason=_NO_ENCRYPTION),
        *_without_effect("WebAuthnUserVerification", "EmailAuthenticationSubject", reason="no mail is sent"),
    ),
    "AWS::Cognito::UserPoolClient": _without_effect(
        "RefreshTokenRotation", reason="tokens are refreshed without it"
    ),
    "AWS::Cognito::IdentityPool": (
        _lost("CognitoEvents", "it calls no function when a data set is synchronized"),
        _lost("CognitoStreams", "it sends no data sets to a stream"),
        _lost("PushSync", "it sends no notifications to devices"),
    ),
    "AWS::ApiGatewayV2::Stage": (
        *_without_effect("AccessLogSettings", reason="the session shows every request"),
        *_without_effect(
            "DefaultRouteSettings", "RouteSettings", reason="an API takes as many requests as this machine"
        ),
    ),
    "AWS::CloudWatch::Alarm": (_lost("ThresholdMetricId", "it learns no usual range of a metric"),),
    "AWS::DynamoDB::Table": (
        _lost("ImportSourceSpecification", "the table would be empty"),
        *_without_effect("PointInTimeRecoverySpecification", reason=_NO_BACKUP),
        *_without_effect("SSESpecification", reason=_NO_ENCRYPTION),
        *_without_effect("ResourcePolicy", reason="permissions are not enforced"),
        *_without_effect(
            "TableClass",
            "OnDemandThroughput",
            "WarmThroughput",
            "ContributorInsightsSpecification",
            reason=_NO_PROVISIONING,
        ),
    ),
    "AWS::Lambda::EventSourceMapping": (
        _lost("TumblingWindowInSeconds", "no state is carried between the batches of a window"),
        _lost("StartingPositionTimestamp", "consumers begin at one of the ends of a stream"),
        _lost("SelfManagedEventSource", "it reads no Kafka"),
        _lost("AmazonManagedKafkaEventSourceConfig", "it reads no Kafka"),
        _lost("DocumentDBEventSourceConfig", "it reads no DocumentDB"),
        *_without_effect(
            "KmsKeyArn", "MetricsConfig", "ProvisionedPollerConfig", "Tags", reason="it concerns AWS only"
        ),
    ),
    "AWS::Lambda::Function": (
        _lost("FileSystemConfigs", "no file system is mounted"),
        *_without_effect("Layers", reason="the session imports from the project's own environment"),
        *_without_effect("VpcConfig", reason="functions run on this machine and reach its network"),
        *_without_effect("KmsKeyArn", reason=_NO_ENCRYPTION),
        *_without_effect(
            "CodeSigningConfigArn", "RuntimeManagementConfig", "RecursiveLoop", reason="it concerns AWS only"
        ),
    ),
    "AWS::IAM::Role": _without_effect("PermissionsBoundary", reason="permissions are not enforced"),
    "AWS::Pipes::Pipe": (
        *(
            _lost(f"SourceParameters.{name}", "its pipes read queues, Kinesis streams and streams of tables")
            for name in (
                "ActiveMQBrokerParameters",
                "RabbitMQBrokerParameters",
                "ManagedStreamingKafkaParameters",
                "SelfManagedKafkaParameters",
            )
        ),
        _lost(
            "SourceParameters.KinesisStreamParameters.StartingPositionTimestamp",
            "its pipes begin at one of the ends of a stream",
        ),
        _lost("EnrichmentParameters.HttpParameters", "its pipes are enriched by functions only"),
        *(
            _lost(f"TargetParameters.{name}", "its pipes deliver nothing to such a target")
            for name in (
                "BatchJobParameters",
                "EcsTaskParameters",
                "HttpParameters",
                "RedshiftDataParameters",
                "SageMakerPipelineParameters",
                "TimestreamParameters",
            )
        ),
        *_without_effect("LogConfiguration", reason="the log of the emulator says what pipes fail on"),
        *_without_effect("KmsKeyIdentifier", reason=_NO_ENCRYPTION),
    ),
    "AWS::S3::Bucket": (
        _lost("ReplicationConfiguration", "objects would not be copied"),
        *_without_effect(
            "LifecycleConfiguration.Rules.Transition",
            "LifecycleConfiguration.Rules.Transitions",
            "LifecycleConfiguration.Rules.NoncurrentVersionTransition",
            "LifecycleConfiguration.Rules.NoncurrentVersionTransitions",
            reason="an object is read the same whatever its storage class",
        ),
        *_without_effect(
            "AccelerateConfiguration",
            "AnalyticsConfigurations",
            "IntelligentTieringConfigurations",
            "InventoryConfigurations",
            "LoggingConfiguration",
            "MetricsConfigurations",
            "OwnershipControls",
            reason="it concerns AWS only",
        ),
        *_without_effect("BucketEncryption", reason=_NO_ENCRYPTION),
    ),
    "AWS::Scheduler::Schedule": _without_effect("KmsKeyArn", reason=_NO_ENCRYPTION),
}
"""By resource type. Found by reading the emulator's provisioners; what a mend keeps is not here."""


@cache
def embedded_capabilities() -> Capabilities:
    """Return what the pinned emulator can deploy."""
    return Capabilities(
        name="embedded cloud",
        resource_types=frozenset(RESOURCE_TYPES.read_text().split()),
        dropped=DROPPED,
    )
