import { handleCall } from '../endpoints/endpoints.js';
import type { RequestRecord } from '../history/request-record.js';
import { ExpressionBudget } from '../options/expression-budget.js';
import { isRecord } from '../options/field-checks.js';
import type { SandboxQuirks } from '../options/sandbox-quirks.js';
import { parseJson } from '../parse-json.js';
import type { CallOutcome } from '../protocol/call-outcome.js';
import type { Gateway } from '../state/gateway.js';
import type { ScriptStep } from '../state/script/script-step.js';
import type { EndpointName } from '../vendor/endpoint-names.js';
import { corruptResponse } from './corrupt-response.js';
import { htmlResponse, jsonResponse, rawResponse, type GatewayResponse } from './response.js';

interface CallResult {
  readonly outcome: CallOutcome;
  readonly response: GatewayResponse;
  /** The quirks that applied to the call. */
  readonly quirks: Readonly<SandboxQuirks>;
}

/** Handles a request that has been read and makes its response. */
export function respondToCall(
  endpoint: EndpointName,
  record: RequestRecord,
  ip: string,
  step: ScriptStep | undefined,
  gateway: Gateway,
): CallResult {
  const { settings, rejectionRules } = gateway.resolved;
  const method = record.method === 'GET' ? 'GET' : 'POST';
  const quirks = step?.quirks === undefined ? settings.quirks : { ...settings.quirks, ...step.quirks };
  const call = {
    requestId: record.id,
    method,
    headers: record.headers,
    ip,
    fields: method === 'GET' ? record.query : record.body,
    at: gateway.now(step?.clockSkewSeconds),
    quirks,
    rejectionRules,
    expressionBudget: new ExpressionBudget(),
  } as const;
  const outcome = handleCall(endpoint, call, step, gateway);
  return { outcome, response: toResponse(outcome, step, quirks), quirks };
}

function toResponse(
  outcome: CallOutcome,
  step: ScriptStep | undefined,
  quirks: Readonly<SandboxQuirks>,
): GatewayResponse {
  const { code, reason, envelope } = outcome;
  if (code > 0) return htmlResponse(code);
  const httpStatus = step?.httpStatus ?? outcome.httpStatus ?? (code === 0 ? 200 : quirks.errorHttpStatus);
  if (step === undefined) return jsonResponse(httpStatus, JSON.stringify(envelope), String(code), reason);
  try {
    return readBack(httpStatus, corruptResponse(envelope, step));
  } catch (error) {
    const text = `The script's transform function failed: ${String(error)}\n`;
    return rawResponse(500, { 'Content-Type': 'text/plain;charset=UTF-8' }, text);
  }
}

/** The step may have changed the status, so the record gets what the text says now. */
function readBack(httpStatus: number, text: string): GatewayResponse {
  const json = parseJson(text);
  const { status, reason } = isRecord(json) ? json : {};
  return jsonResponse(httpStatus, text, scalarText(status), scalarText(reason));
}

function scalarText(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}
