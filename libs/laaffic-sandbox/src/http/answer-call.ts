import { decide } from '../endpoints/decide.js';
import { endpoints } from '../endpoints/endpoints.js';
import type { Gateway } from '../gateway.js';
import { fromJson, type RequestRecord } from '../ledger/request.record.js';
import { isRecord } from '../options/record.checks.js';
import { ExpressionTime } from '../options/expression-time.js';
import type { SandboxQuirks } from '../options/sandbox.quirks.js';
import type { CallOutcome } from '../protocol/call.outcome.js';
import type { EndpointName } from '../protocol/endpoint.name.js';
import type { ScriptStep } from '../script/script.step.js';
import { answerText } from '../script/spoil-answer.js';
import { htmlAnswer, jsonAnswer, rawAnswer, type Answer } from './answer.js';

interface Worked {
  readonly outcome: CallOutcome;
  readonly answer: Answer;
  /** Those of the call. */
  readonly quirks: Readonly<SandboxQuirks>;
}

/** Lets the gateway work on a request that has been read, and words its answer. */
export function answerCall(
  endpoint: EndpointName,
  record: RequestRecord,
  ip: string,
  step: ScriptStep | null,
  gateway: Gateway,
): Worked {
  const { settings, rules } = gateway.resolved;
  const method = record.method === 'GET' ? 'GET' : 'POST';
  const quirks = step?.quirks === undefined ? settings.quirks : { ...settings.quirks, ...step.quirks };
  const fields = method === 'GET' ? record.query : record.body;
  const at = gateway.now(step?.clockSkew);
  const time = new ExpressionTime();
  const call = { requestId: record.id, method, headers: record.headers, ip, fields, at, quirks, rules, time } as const;
  const outcome = decide(endpoints[endpoint], call, step, gateway);
  return { outcome, answer: worded(outcome, step, quirks), quirks };
}

function worded(outcome: CallOutcome, step: ScriptStep | null, quirks: Readonly<SandboxQuirks>): Answer {
  const { code, reason, envelope } = outcome;
  if (code > 0) return htmlAnswer(code);
  const http = step?.http ?? outcome.http ?? (code === 0 ? 200 : quirks.errorHttpStatus);
  if (step === null) return jsonAnswer(http, JSON.stringify(envelope), String(code), reason);
  try {
    return readBack(http, answerText(envelope, step));
  } catch (error) {
    const text = `The script's answer function failed: ${String(error)}\n`;
    return rawAnswer(500, { 'Content-Type': 'text/plain;charset=UTF-8' }, text);
  }
}

/** After a script has changed an answer, its status is whatever can still be read there. */
function readBack(http: number, text: string): Answer {
  const read = fromJson(text);
  const { status, reason } = isRecord(read) ? read : {};
  return jsonAnswer(http, text, scalar(status), scalar(reason));
}

function scalar(value: unknown): string | null {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null;
}
