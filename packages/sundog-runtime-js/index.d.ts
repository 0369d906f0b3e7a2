/** A handler asks for a resource that is not bound to its function, or misspells one that is. */
export declare class ResourceNotBound extends Error {}

/** A handler asks a resource for something that it does not have. */
export declare class UnknownAttribute extends Error {}

/** A handler asks for a secret that has no value on its stage. */
export declare class SecretNotSet extends Error {}

/** A job could not be started or cancelled. */
export declare class JobFailed extends Error {}

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

/** A function that may run for hours. */
export interface Job extends ResourceWithClient {
  /** The function that starts and cancels it. */
  readonly managerName: string;
  /**
   * Starts the job and resolves to its id.
   *
   * @param payload What its handler is given: anything that JSON can carry, up to 32 kB.
   */
  run(payload?: unknown): Promise<string>;
  /** Ends a job that was started; one that has ended already is left alone. */
  cancel(job: string): Promise<void>;
}

/** An HTTP API; the URL has no slash at its end. */
export interface Api extends Resource {
  readonly url: string;
}

/** Sign-in for an API; `Session` uses it. */
export interface Auth extends Resource {
  /** Address of the API, without a slash at the end. */
  readonly url: string;
  /** Where the routes of the authenticator are: `/auth`. */
  readonly prefix: string;
  /** Origins that people may be sent back to. */
  readonly redirects: string[];
  readonly sessionSeconds: number;
  /** Name of the parameter with the keys that check sessions. */
  readonly publicKeys: string;
  /** Name of the table of what was used. */
  readonly table: string;
}

/** No `Auth` is bound to the function, or there are several and none was named. */
export declare class AuthNotBound extends Error {}

/** A function that can only check sessions wants to make one. */
export declare class CannotSign extends Error {}

/** A request without a session, or with one that is not good any more. */
export declare class NotSignedIn extends Error {
  /** The answer of an API: 401. */
  response(): { statusCode: number; headers: Record<string, string>; body: string };
}

/** What a session is looked for in: an event of an API. */
export interface RequestWithSession {
  headers?: Record<string, string | undefined>;
  cookies?: string[];
}

/** Somebody who has signed in. */
export declare class Session {
  /** Who it is: what `on_sign_in` said, or the provider and its name for the person. */
  readonly subject: string;
  /** What else `on_sign_in` said. Signed, not encrypted: who has the session can read it. */
  readonly properties: Record<string, any>;
  /** In seconds since 1970. */
  readonly issuedAt: number;
  readonly expiresAt: number;

  /** The session of a request, or of a token; rejects with `NotSignedIn`. `auth` names one when the function has several. */
  static verify(event: RequestWithSession | string, options?: { auth?: string }): Promise<Session>;
  /** The session of a request, or undefined when nobody has signed in. */
  static find(event: RequestWithSession | string, options?: { auth?: string }): Promise<Session | undefined>;
  /** The token of a new session; rejects with `CannotSign` in functions that were not let make any. */
  static create(
    subject: string,
    properties?: Record<string, unknown>,
    options?: { expiresIn?: number; auth?: string },
  ): Promise<string>;
}

/** Answer 401 to requests without a session; hand the session of others to the handler. */
export declare function signedIn<Event extends RequestWithSession, Context, Answer>(
  handler: (event: Event, context: Context, session: Session) => Answer | Promise<Answer>,
): (event: Event, context: Context) => Promise<Answer | ReturnType<NotSignedIn["response"]>>;

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
