/** A handler asks for a resource that is not bound to its function, or misspells one that is. */
export declare class ResourceNotBound extends Error {}

/** A handler asks a resource for something that it does not have. */
export declare class UnknownAttribute extends Error {}

/** A handler asks for a secret that has no value on its stage. */
export declare class SecretNotSet extends Error {}

/** A resource that is bound to the function. */
export interface Resource {
  /** Name of the construct's class: `Table`. */
  readonly kind: string;
  /** The construct's id in `app.py`. */
  readonly name: string;
}

/** A resource with a service of its own. */
export interface ResourceWithClient extends Resource {
  /**
   * The AWS SDK's client of the service, made at the first use and kept. The SDK is the one that Lambda brings; on your machine,
   * the package is to be installed: `client<DynamoDBClient>()` says which class it is.
   */
  client<Client = any>(): Promise<Client>;
}

/** A DynamoDB table. */
export interface Table extends ResourceWithClient {
  readonly tableName: string;
  readonly tableArn: string;
}

/** An SQS queue. */
export interface Queue extends ResourceWithClient {
  readonly queueUrl: string;
  readonly queueArn: string;
  readonly queueName: string;
}

/** An S3 bucket. */
export interface Bucket extends ResourceWithClient {
  readonly bucketName: string;
  readonly bucketArn: string;
}

/** An SNS topic. */
export interface Topic extends ResourceWithClient {
  readonly topicArn: string;
  readonly topicName: string;
}

/** An EventBridge bus. */
export interface EventBus extends ResourceWithClient {
  readonly eventBusName: string;
  readonly eventBusArn: string;
}

/** A Kinesis stream. */
export interface KinesisStream extends ResourceWithClient {
  readonly streamName: string;
  readonly streamArn: string;
}

/** Another Lambda function. */
export interface Function extends ResourceWithClient {
  readonly functionName: string;
  readonly functionArn: string;
  /** Of a function that has a URL. */
  readonly functionUrl: string;
}

/** An HTTP API; the URL has no slash at its end. */
export interface Api extends Resource {
  readonly url: string;
}

/** A value of the app's configuration, carried in the environment. */
export interface Parameter<Value = unknown> extends Resource {
  readonly value: Value;
}

/** A secret of the stage, kept in AWS Systems Manager. */
export interface Secret extends Resource {
  /** The value, decrypted; fetched at the first use and kept for a minute. Rejects with `SecretNotSet` when there is none. */
  value(): Promise<string>;
}

/** The resources of the app, by their ids. `sundog types` writes what it has. */
export interface Resources {}

/** Reads bindings from an environment. */
export declare function readResources(environ?: Record<string, string | undefined>): Resources;

/** The bound resources of the running function. */
export declare const resources: Resources;
