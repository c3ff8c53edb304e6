import {
  boolean,
  callable,
  check,
  checkedFields,
  either,
  filledText,
  httpStatus,
  integer,
  isRecord,
  listOf,
  milliseconds,
  object,
  oneOf,
  rejectionStatus,
  text,
  type RecordChecks,
} from '../../options/field-checks.js';
import { checkedQuirks, clockSkewSeconds } from '../../options/resolve-settings.js';
import { SandboxError } from '../../sandbox.error.js';
import { ENDPOINT_NAMES } from '../../vendor/endpoint-names.js';
import type { SandboxFault, ScriptStep } from './script-step.js';

/** The fields that each fault takes. */
export const FIELDS_OF_FAULT: Readonly<Record<SandboxFault, readonly (keyof ScriptStep)[]>> = {
  'cut-before-reading': [],
  'cut-before-accepting': [],
  'cut-after-accepting': [],
  'hang-before-accepting': [],
  'hang-after-accepting': [],
  html: ['accepted', 'httpStatus'],
  raw: ['accepted', 'httpStatus', 'headers', 'body'],
  'empty-body': ['accepted', 'httpStatus'],
  'broken-json': [],
  'slow-body': ['chunkBytes', 'pauseMs'],
  'stalled-body': [],
  'numbers-for-strings': [],
  'string-for-array': [],
  'msg-id-as-number': [],
  nulls: [],
  'missing-fields': ['fields'],
  'missing-items': ['count'],
  'foreign-items': ['count'],
};

/** The fields that need a fault. */
const FAULT_FIELDS = ['accepted', 'headers', 'body', 'chunkBytes', 'pauseMs', 'fields', 'count'] as const;

const headers = check(
  (value) =>
    isRecord(value) && Object.entries(value).every(([name, content]) => isToken(name) && isHeaderValue(content)),
  'an object of header values',
);

export const STEP_CHECKS: RecordChecks<ScriptStep> = {
  times: either(
    integer(1),
    check((value) => value === null || value === Infinity, 'null for all'),
  ),
  endpoint: oneOf(...ENDPOINT_NAMES),
  delayMs: milliseconds,
  responseDelayMs: milliseconds,
  clockSkewSeconds,
  quirks: object,
  status: rejectionStatus,
  reason: text,
  numbers: listOf(filledText, 'numbers'),
  httpStatus,
  fault: oneOf(...Object.keys(FIELDS_OF_FAULT)),
  accepted: boolean,
  headers,
  body: text,
  chunkBytes: integer(1),
  pauseMs: milliseconds,
  fields: listOf(filledText, 'field names'),
  count: integer(1, 1000),
  patch: () => undefined,
  transform: callable,
};

/**
 * Checks a script step.
 * @throws {SandboxError} naming the first field that is invalid.
 */
export function checkStep(given: unknown, prefix: string): ScriptStep {
  const step = checkedFields<ScriptStep>(given, STEP_CHECKS, 'INVALID_SCRIPT', prefix);
  if (step.quirks !== undefined) checkedQuirks(step.quirks, 'INVALID_SCRIPT');
  const allowed: readonly string[] = step.fault === undefined ? [] : FIELDS_OF_FAULT[step.fault];
  for (const name of FAULT_FIELDS) {
    if (step[name] !== undefined && !allowed.includes(name)) {
      const faults = Object.entries(FIELDS_OF_FAULT).filter(([, fields]) => fields.includes(name));
      const field = `${prefix}.${name}`;
      const message = `${field} needs one of these faults: ${faults.map(([fault]) => fault).join(', ')}`;
      throw new SandboxError('INVALID_SCRIPT', message, field);
    }
  }
  for (const name of ['reason', 'numbers'] as const) {
    if (step[name] !== undefined && step.status === undefined) {
      throw new SandboxError('INVALID_SCRIPT', `${prefix}.${name} needs a status`, `${prefix}.${name}`);
    }
  }
  return step;
}

function isToken(name: string): boolean {
  return /^[\w!#$%&'*+.^`|~-]+$/.test(name);
}

function isHeaderValue(value: unknown): boolean {
  return typeof value === 'string' && /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
}
