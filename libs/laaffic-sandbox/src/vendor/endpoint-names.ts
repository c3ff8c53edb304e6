export const ENDPOINT_NAMES = [
  'sendSms',
  'sendSms/batch',
  'getReport',
  'getSentRcd',
  'getBalance',
  'recordMo',
  'postback/backfill',
] as const;

/** The path of an endpoint after the base path. */
export type EndpointName = (typeof ENDPOINT_NAMES)[number];
