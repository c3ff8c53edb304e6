export const endpointNames = [
  'sendSms',
  'sendSms/batch',
  'getReport',
  'getSentRcd',
  'getBalance',
  'recordMo',
  'postback/backfill',
] as const;

/** What follows the base path. */
export type EndpointName = (typeof endpointNames)[number];
