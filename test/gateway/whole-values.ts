// Whether a value is whole: all fields that it must have, each of the right kind, and none that its type does not know.

export type Check = (value: unknown) => boolean;

const matches =
  (pattern: RegExp): Check =>
  (value) =>
    typeof value === 'string' && pattern.test(value);

const oneOf =
  (...values: unknown[]): Check =>
  (value) =>
    values.includes(value);

const either =
  (...checks: Check[]): Check =>
  (value) =>
    checks.some((check) => check(value));

function fields(required: Record<string, Check>, optional: Record<string, Check> = {}): Check {
  const checks = new Map(Object.entries({ ...optional, ...required }));
  const names = Object.keys(required);
  return (value) =>
    typeof value === 'object' &&
    value !== null &&
    names.every((name) => Object.hasOwn(value, name)) &&
    Object.entries(value).every(([name, field]) => checks.get(name)?.(field) === true);
}

const isNothing = oneOf(undefined);
const isText = matches(/^\S(.*\S)?$/s);
const isDigits = matches(/^\d+$/);
const isDecimal = matches(/^-?\d+(\.\d+)?$/);
const isTime: Check = (value) => value instanceof Date && !Number.isNaN(value.getTime());

const isSettlement = fields({ total: isDecimal, unit: isDecimal, currency: isText, exchangeRate: isDecimal });
const isPrice = fields(
  { total: isDecimal, unit: isDecimal, segments: Number.isInteger, currency: isText },
  { settlement: isSettlement },
);

export const isReport = fields(
  {
    msgId: isText,
    number: either(isDigits, isNothing),
    state: oneOf('delivered', 'failed', 'sending', 'unknown'),
    at: either(isTime, isNothing),
  },
  { price: isPrice },
);

export const isNotFound = fields({ msgId: isText, number: isNothing, state: oneOf('not-found'), at: isNothing });

export const isInboundSms = fields(
  { from: isDigits, content: (value) => typeof value === 'string', at: either(isTime, isNothing) },
  { to: isText, msgId: isText, mcc: isText, mnc: isText, operator: isText, price: isPrice },
);

export const isBalance = fields({ balance: isDecimal, gift: isDecimal }, { credit: isDecimal });

/** What a query's exception shows. */
export const isRejection = fields(
  {
    name: matches(/^Laaffic\w+Exception$/),
    code: matches(/^LAAFFIC_[A-Z_]+$/),
    kind: oneOf('input', 'account', 'limit', 'clock', 'platform', 'unreadable'),
    outcome: oneOf('rejected'),
    status: (value) => value === undefined || (Number.isInteger(value) && Number(value) <= 0),
    reason: matches(/^.{1,200}$/s),
    message: isText,
  },
  { issues: Array.isArray, retryAfterSeconds: Number.isInteger },
);
