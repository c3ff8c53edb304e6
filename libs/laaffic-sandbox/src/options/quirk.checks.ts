import { boolean, either, httpStatus, integer, none, oneOf, refusalCode, type FieldCheck } from './field.checks.js';
import type { RecordChecks } from './record.checks.js';
import type { Check, SandboxQuirks } from './sandbox.quirks.js';

const checks: readonly Check[] = ['key', 'ip', 'time', 'sign', 'parameters'];

const checkOrder: FieldCheck = (value) =>
  Array.isArray(value) && value.length === checks.length && checks.every((check) => value.includes(check))
    ? null
    : `a list of ${checks.join(', ')}, each once`;

export const quirkChecks: RecordChecks<SandboxQuirks> = {
  timeTolerance: integer(0),
  timeWindow: oneOf('both', 'past'),
  timeInclusive: boolean,
  signCase: oneOf('any', 'lower'),
  checkOrder,
  missingHeaders: refusalCode,
  malformedJson: refusalCode,
  wrongContentType: either(refusalCode, oneOf('accept')),
  badParameter: refusalCode,
  foreignAppId: refusalCode,
  ipRefused: refusalCode,
  wireTypes: oneOf('strings', 'numbers'),
  failureEnvelope: oneOf('seen', 'full', 'bare'),
  failArray: oneOf('never', 'on-failure', 'always'),
  partialSuccess: oneOf('status-zero', 'first-failure', 'refuse-all'),
  orderIdEcho: oneOf('null', 'empty', 'absent'),
  orderIdInFailArray: boolean,
  orderIdMismatch: either(refusalCode, oneOf('ignore', 'pad')),
  duplicateNumbers: oneOf('keep', 'merge'),
  maxNumbersPost: integer(1),
  maxNumbersGet: integer(1),
  tooManyNumbers: refusalCode,
  maxContent: integer(1),
  contentUnit: oneOf('characters', 'utf16', 'bytes'),
  maxSenderId: integer(1),
  longSenderId: either(refusalCode, oneOf('cut')),
  blankSenderId: either(refusalCode, oneOf('none')),
  looseNumbers: oneOf('refuse', 'tolerate'),
  minDigits: integer(1),
  maxDigits: integer(1),
  spendable: oneOf('balance', 'balance-gift-credit'),
  callsPerSecond: either(integer(1), none),
  callsPerSecondAnswer: refusalCode,
  messagesPerPhone: either(integer(1), none),
  phonePeriod: integer(1),
  messagesPerPhoneAnswer: refusalCode,
  errorHttpStatus: httpStatus,
  generation: oneOf(-19, -28, -32),
};
