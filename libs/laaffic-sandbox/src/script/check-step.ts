import {
  boolean,
  callable,
  either,
  filledText,
  httpStatus,
  integer,
  listOf,
  none,
  oneOf,
  refusingStatus,
  type FieldCheck,
} from '../options/field.checks.js';
import { checkedFields, isRecord, type RecordChecks } from '../options/record.checks.js';
import { checkedQuirks, clockSkew } from '../options/resolve-settings.js';
import { endpointNames } from '../protocol/endpoint.name.js';
import { SandboxError } from '../sandbox.error.js';
import type { SandboxFault, ScriptStep } from './script.step.js';

/** The fields each fault takes. */
const faultFields: Readonly<Record<SandboxFault, readonly (keyof ScriptStep)[]>> = {
  'cut-before-reading': [],
  'cut-before-accepting': [],
  'cut-after-accepting': [],
  'hang-before-accepting': [],
  'hang-after-accepting': [],
  html: ['accepted', 'http'],
  raw: ['accepted', 'http', 'headers', 'body'],
  'empty-body': ['accepted', 'http'],
  'broken-json': [],
  'slow-body': ['chunk', 'pause'],
  'stalled-body': [],
  'numbers-for-strings': [],
  'string-for-array': [],
  'msg-id-as-number': [],
  nulls: [],
  'missing-fields': ['fields'],
  'missing-items': ['count'],
  'foreign-items': ['count'],
};

const ofFaults = ['accepted', 'headers', 'body', 'chunk', 'pause', 'fields', 'count'] as const;

const headers: FieldCheck = (value) =>
  isRecord(value) && Object.entries(value).every(([name, text]) => isToken(name) && isHeaderText(text))
    ? null
    : 'an object of header texts';

const milliseconds = integer(0, 2 ** 31 - 1);

const checks: RecordChecks<ScriptStep> = {
  times: either(integer(1), either(none, oneOf(Infinity))),
  endpoint: oneOf(...endpointNames),
  delay: milliseconds,
  delayAnswer: milliseconds,
  clockSkew,
  quirks: (value) => (isRecord(value) ? null : 'an object'),
  status: refusingStatus,
  reason: (value) => (typeof value === 'string' ? null : 'a text'),
  numbers: listOf(filledText, 'numbers'),
  http: httpStatus,
  fault: oneOf(...Object.keys(faultFields)),
  accepted: boolean,
  headers,
  body: (value) => (typeof value === 'string' ? null : 'a text'),
  chunk: integer(1),
  pause: milliseconds,
  fields: listOf(filledText, 'field names'),
  count: integer(1, 1000),
  patch: () => null,
  answer: callable,
};

/** Throws, naming the field, for a step that is not one. */
export function checkStep(given: unknown, prefix: string): ScriptStep {
  const step = checkedFields<ScriptStep>(given, checks, 'INVALID_SCRIPT', prefix);
  if (step.quirks !== undefined) checkedQuirks(step.quirks, 'INVALID_SCRIPT');
  const taken: readonly string[] = step.fault === undefined ? [] : faultFields[step.fault];
  for (const field of ofFaults) {
    if (step[field] !== undefined && !taken.includes(field)) {
      throw new SandboxError('INVALID_SCRIPT', `${prefix}.${field} needs a fault that takes it`, `${prefix}.${field}`);
    }
  }
  for (const field of ['reason', 'numbers'] as const) {
    if (step[field] !== undefined && step.status === undefined) {
      throw new SandboxError('INVALID_SCRIPT', `${prefix}.${field} needs a status`, `${prefix}.${field}`);
    }
  }
  return step;
}

function isToken(name: string): boolean {
  return /^[\w!#$%&'*+.^`|~-]+$/.test(name);
}

function isHeaderText(text: unknown): boolean {
  return typeof text === 'string' && /^[\t\x20-\x7e\x80-\xff]*$/.test(text);
}
