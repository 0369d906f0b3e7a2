"""What the embedded cloud can deploy, as data.

`resource_types.txt` lists the CloudFormation types that the pinned emulator, with our mends, really makes. A conformance
test compares it with the running emulator.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sundog.aws.embedded.interface import Capabilities, DroppedProperty, PublishedMetrics

RESOURCE_TYPES = Path(__file__).parent / "resource_types.txt"


def _lost(name: str, reason: str, unless: tuple[str, ...] = ()) -> DroppedProperty:
    """A property without which the app behaves otherwise: an app that sets it is refused."""
    return DroppedProperty(name=name, reason=reason, unless=unless)


def _without_effect(*names: str, reason: str) -> tuple[DroppedProperty, ...]:
    """Properties without which an app on a developer's machine works the same."""
    return tuple(DroppedProperty(name=name, reason=reason, harmless=True) for name in names)


_NO_ENCRYPTION = "everything stays on this machine, unencrypted"
_NO_PROVISIONING = "capacity is that of this machine"
_NO_BACKUP = "the local stage keeps no backups"
_NO_VTL = "it runs no mapping templates (VTL); JavaScript it does"
_AWS_ONLY = "it concerns AWS only"
_NO_CONTAINERS = "it runs no containers"
_NO_SERVER = "there is no such server behind the address"
_AT_THE_EDGE = "every viewer is on this machine"

HOLLOW = {
    **dict.fromkeys(
        (
            "AWS::ECS::Service",
            "AWS::EKS::Cluster",
            "AWS::EKS::Nodegroup",
            "AWS::Glue::Crawler",
            "AWS::Glue::Job",
        ),
        _NO_CONTAINERS,
    ),
    **dict.fromkeys(
        (
            "AWS::DocDB::DBCluster",
            "AWS::DocDB::DBInstance",
            "AWS::ElastiCache::CacheCluster",
            "AWS::ElastiCache::ReplicationGroup",
            "AWS::OpenSearchService::Domain",
        ),
        _NO_SERVER,
    ),
    "AWS::AutoScaling::AutoScalingGroup": "it starts no instances",
    "AWS::KinesisAnalyticsV2::Application": "it runs no Flink",
}
"""Types whose API the emulator has, and which do nothing without Docker or at all."""

DROPPED: dict[str, tuple[DroppedProperty, ...]] = {
    "AWS::ApiGatewayV2::Api": (
        _lost("Body", "it does not read OpenAPI documents, so the API would have no routes"),
        _lost("BodyS3Location", "it does not read OpenAPI documents, so the API would have no routes"),
        _lost("Target", "it makes no route from it, so the API would answer 404"),
        *_without_effect("IpAddressType", "FailOnWarnings", "BasePath", reason=_AWS_ONLY),
    ),
    "AWS::ApiGatewayV2::Integration": (
        _lost("IntegrationSubtype", "it calls no AWS services from a route"),
        *_without_effect("TlsConfig", "PassthroughBehavior", "CredentialsArn", reason=_AWS_ONLY),
    ),
    "AWS::ApiGateway::RestApi": (
        _lost(
            "BodyS3Location", "it reads an OpenAPI document in the template only, so the API would be empty"
        ),
        _lost("CloneFrom", "it copies no other API, so the API would be empty"),
        *_without_effect(
            "EndpointAccessMode",
            "FailOnWarnings",
            "Mode",
            "Parameters",
            "SecurityPolicy",
            "Version",
            reason=_AWS_ONLY,
        ),
    ),
    "AWS::ApiGateway::Stage": (
        _lost("CanarySetting", "all requests reach one deployment"),
        *_without_effect("AccessLogSetting", reason="the session shows every request"),
        *_without_effect(
            "CacheClusterEnabled", "CacheClusterSize", reason="every request reaches its function"
        ),
        *_without_effect("ClientCertificateId", "DocumentationVersion", reason=_AWS_ONLY),
    ),
    "AWS::AppSync::DataSource": (
        _lost("RelationalDatabaseConfig", "its resolvers have no databases as a source"),
        _lost("OpenSearchServiceConfig", "its resolvers have no OpenSearch as a source"),
        _lost("ElasticsearchConfig", "its resolvers have no Elasticsearch as a source"),
        *_without_effect("MetricsConfig", reason=_AWS_ONLY),
    ),
    "AWS::AppSync::FunctionConfiguration": (
        _lost("RequestMappingTemplate", _NO_VTL),
        _lost("ResponseMappingTemplate", _NO_VTL),
        _lost("RequestMappingTemplateS3Location", _NO_VTL),
        _lost("ResponseMappingTemplateS3Location", _NO_VTL),
        _lost("CodeS3Location", "it reads code in the template only"),
        _lost("SyncConfig", "it finds no conflicts of versions"),
    ),
    "AWS::AppSync::GraphQLSchema": (
        _lost("DefinitionS3Location", "it reads a schema in the template only, so the API would be empty"),
    ),
    "AWS::AppSync::Resolver": (
        _lost("RequestMappingTemplate", _NO_VTL),
        _lost("ResponseMappingTemplate", _NO_VTL),
        _lost("RequestMappingTemplateS3Location", _NO_VTL),
        _lost("ResponseMappingTemplateS3Location", _NO_VTL),
        _lost("CodeS3Location", "it reads code in the template only"),
        _lost("SyncConfig", "it finds no conflicts of versions"),
        *_without_effect("CachingConfig", reason="every request reaches its source"),
    ),
    "AWS::CloudFront::Distribution": (
        *(
            _lost(f"DistributionConfig.{behavior}.{name}", reason)
            for behavior in ("DefaultCacheBehavior", "CacheBehaviors")
            for name, reason in (
                (
                    "LambdaFunctionAssociations",
                    "it runs no functions at the edge; CloudFront functions it does",
                ),
                ("TrustedKeyGroups", "it checks no signatures, so what is private would be public"),
                ("TrustedSigners", "it checks no signatures, so what is private would be public"),
                ("FieldLevelEncryptionId", "it encrypts no fields"),
            )
        ),
        *_without_effect("DistributionConfig.Restrictions.GeoRestriction", reason=_AT_THE_EDGE),
        *_without_effect("DistributionConfig.WebACLId", reason="no request is blocked"),
        *_without_effect("DistributionConfig.Logging", reason="the session shows every request"),
    ),
    "AWS::CloudFront::KeyValueStore": (_lost("ImportSource", "the store would be empty"),),
    "AWS::Events::EventBus": (
        _lost("EventSourceName", "no partner sends events to this machine"),
        *_without_effect("DeadLetterConfig", "KmsKeyIdentifier", reason=_NO_ENCRYPTION),
        *_without_effect("LogConfig", reason="the log of the emulator says what could not be delivered"),
        *_without_effect("Policy", reason="permissions are not enforced"),
    ),
    "AWS::Kinesis::Stream": _without_effect(
        "DesiredShardLevelMetrics",
        "MaxRecordSizeInKiB",
        "RecordDistributionStrategy",
        "StreamEncryption",
        "WarmThroughputMiBps",
        reason=_NO_PROVISIONING,
    ),
    "AWS::Logs::LogGroup": _without_effect(
        "DataProtectionPolicy",
        "DeletionProtectionEnabled",
        "FieldIndexPolicies",
        "BearerTokenAuthenticationEnabled",
        reason="logs stay on this machine",
    ),
    "AWS::Logs::MetricFilter": (
        _lost("FieldSelectionCriteria", "it measures the lines of all accounts and regions"),
        *_without_effect("ApplyOnTransformedLogs", "EmitSystemFieldDimensions", reason=_AWS_ONLY),
    ),
    "AWS::RDS::DBCluster": (
        _lost("Engine", "its databases are Postgres", unless=("aurora-postgresql",)),
        _lost("ManageMasterUserPassword", "it makes no secret with the password of the database"),
        _lost("SnapshotIdentifier", "the database would be empty"),
        _lost("SourceDBClusterIdentifier", "the database would be empty"),
        _lost("ReplicationSourceIdentifier", "the database would be empty"),
        _lost("GlobalClusterIdentifier", "the database would be alone"),
        *_without_effect(
            "EnableCloudwatchLogsExports",
            "MonitoringInterval",
            "MonitoringRoleArn",
            "PerformanceInsightsEnabled",
            "PerformanceInsightsKmsKeyId",
            "PerformanceInsightsRetentionPeriod",
            "DatabaseInsightsMode",
            "ScalingConfiguration",
            "StorageType",
            "Iops",
            reason=_NO_PROVISIONING,
        ),
    ),
    "AWS::RDS::DBInstance": (
        _lost("Engine", "it has databases of Aurora for Postgres only", unless=("aurora-postgresql",)),
        _lost("ManageMasterUserPassword", "it makes no secret with the password of the database"),
        _lost("DBSnapshotIdentifier", "the database would be empty"),
        _lost("SourceDBInstanceIdentifier", "the database would be empty"),
        *_without_effect("EnableCloudwatchLogsExports", "DatabaseInsightsMode", reason=_NO_PROVISIONING),
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
        _lost("Queues", "it reads no broker of Amazon MQ"),
        _lost("Topics", "it reads no Kafka"),
        _lost("AmazonManagedKafkaEventSourceConfig", "it reads no Kafka"),
        _lost("DocumentDBEventSourceConfig", "it reads no DocumentDB"),
        *_without_effect("KmsKeyArn", "MetricsConfig", "ProvisionedPollerConfig", "Tags", reason=_AWS_ONLY),
    ),
    "AWS::Lambda::Function": (
        _lost("FileSystemConfigs", "no file system is mounted"),
        *_without_effect("Layers", reason="the session imports from the project's own environment"),
        *_without_effect("VpcConfig", reason="functions run on this machine and reach its network"),
        _lost("TenancyConfig", "tenants would share environments"),
        *_without_effect("KmsKeyArn", reason=_NO_ENCRYPTION),
        *_without_effect("FunctionScalingConfig", reason=_NO_PROVISIONING),
        *_without_effect(
            "CodeSigningConfigArn", "RuntimeManagementConfig", "RecursiveLoop", reason=_AWS_ONLY
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
        _lost("ObjectLockEnabled", "objects could be deleted all the same"),
        *_without_effect("AccessControl", reason="permissions are not enforced"),
        *_without_effect("MetadataConfiguration", "MetadataTableConfiguration", reason=_AWS_ONLY),
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
            reason=_AWS_ONLY,
        ),
        *_without_effect("BucketEncryption", reason=_NO_ENCRYPTION),
    ),
    "AWS::SNS::Subscription": (_lost("ReplayPolicy", "its topics keep no messages to send again"),),
    "AWS::SNS::Topic": (
        _lost("ArchivePolicy", "its topics keep no messages to send again"),
        *_without_effect("DataProtectionPolicy", "DeliveryStatusLogging", "TracingConfig", reason=_AWS_ONLY),
    ),
    "AWS::StepFunctions::StateMachine": _without_effect("TracingConfiguration", reason=_AWS_ONLY),
    "AWS::WAFv2::WebACL": _without_effect("DefaultAction", "Rules", reason="no request is blocked"),
    "AWS::Scheduler::Schedule": _without_effect("KmsKeyArn", reason=_NO_ENCRYPTION),
}
"""By resource type. Found by reading the emulator's provisioners; what a mend keeps is not here."""


def _published(names: str, *dimensions: str) -> PublishedMetrics:
    return PublishedMetrics(
        names=frozenset(names.split()), dimensions=tuple(frozenset(one.split()) for one in dimensions)
    )


METRICS = {
    "AWS/Lambda": (_published("Invocations Errors Throttles Duration", "FunctionName", ""),),
    "AWS/SQS": (
        _published(
            "ApproximateAgeOfOldestMessage ApproximateNumberOfMessagesDelayed"
            " ApproximateNumberOfMessagesNotVisible ApproximateNumberOfMessagesVisible"
            " NumberOfMessagesDeleted NumberOfMessagesReceived NumberOfMessagesSent",
            "QueueName",
        ),
    ),
    "AWS/ApiGateway": (
        _published("Count 4xx 5xx Latency IntegrationLatency DataProcessed", "ApiId", "ApiId Stage"),
        _published("Count 4XXError 5XXError Latency IntegrationLatency", "ApiName", "ApiName Stage"),
    ),
    "AWS/SNS": (_published("NumberOfMessagesPublished", "TopicName"),),
}
"""By namespace. Kept equal to what the running emulator publishes by a conformance test."""


@cache
def embedded_capabilities() -> Capabilities:
    """Return what the pinned emulator can deploy."""
    return Capabilities(
        name="embedded cloud",
        resource_types=frozenset(RESOURCE_TYPES.read_text().split()),
        dropped=DROPPED,
        hollow=HOLLOW,
        metrics=METRICS,
    )
