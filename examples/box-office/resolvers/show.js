import { util } from '@aws-appsync/utils';

export function request(ctx) {
  return { operation: 'GetItem', key: util.dynamodb.toMapValues({ showId: ctx.args.showId }) };
}

export function response(ctx) {
  return ctx.result;
}
