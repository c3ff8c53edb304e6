import type { EnvelopeItem } from '../protocol/send.envelope.js';
import type { VendorEnvelope } from '../protocol/vendor.envelope.js';
import { mergePatch } from './merge-patch.js';
import type { SandboxFault, ScriptStep } from './script.step.js';

const counters = ['status', 'success', 'fail', 'sending', 'nofound', 'balance', 'gift', 'credit'] as const;

type Spoiler = (envelope: VendorEnvelope, step: ScriptStep) => object;

const spoilers: Partial<Record<SandboxFault, Spoiler>> = {
  'numbers-for-strings': (envelope) => ({
    ...envelope,
    ...mapped(Object.fromEntries(counters.map((field) => [field, envelope[field]])), Number),
  }),
  'string-for-array': (envelope) => ({
    ...envelope,
    ...mapped({ array: envelope.array, failArray: envelope.failArray }, (list) => JSON.stringify(list)),
  }),
  nulls: ({ status, ...others }) => ({ status, ...mapped(others, () => null) }),
  'missing-fields': (envelope, { fields = ['array'] }) =>
    Object.fromEntries(Object.entries(envelope).filter(([field]) => !fields.includes(field))),
  'missing-items': (envelope, { count = 1 }) => ({ ...envelope, array: (envelope.array ?? []).slice(0, -count) }),
  'foreign-items': (envelope, { count = 1 }) => ({
    ...envelope,
    array: [...(envelope.array ?? []), ...Array.from({ length: count }, (_, index) => foreign(index))],
  }),
};

/** The answer's text after what the step does to it. */
export function answerText(envelope: VendorEnvelope, step: ScriptStep | null): string {
  if (step === null) return JSON.stringify(envelope);
  const spoiler = step.fault === undefined ? undefined : spoilers[step.fault];
  let answer: unknown = spoiler === undefined ? envelope : spoiler(envelope, step);
  if (step.patch !== undefined) answer = mergePatch(answer, step.patch);
  if (step.answer !== undefined) answer = step.answer(answer as VendorEnvelope);
  const text = typeof answer === 'string' ? answer : answer === undefined ? '' : JSON.stringify(answer);
  if (step.fault === 'broken-json') return text.slice(0, Math.ceil(text.length / 2));
  return step.fault === 'msg-id-as-number' ? text.replace(/"msgId":"(\d+)"/g, '"msgId":$1') : text;
}

function mapped(fields: object, change: (value: unknown) => unknown): object {
  const present = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present.map(([field, value]) => [field, change(value)]));
}

function foreign(index: number): EnvelopeItem {
  const digits = String(index).padStart(7, '0');
  return { msgId: `210802105401${digits}`, number: `9999${digits}`, orderId: null };
}
